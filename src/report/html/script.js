'use strict';
// The table of rejections, and what one shows when it is opened. All data are in the page: blocks of deflated JSON. Whatever was on
// the wire goes into the page as text nodes alone.
(() => {
  const byId = (id) => document.getElementById(id);
  const words = JSON.parse(byId('words').textContent);
  if (!words.shown) return;

  // Elements

  const fill = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === false || value === null || value === undefined) continue;
      element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  };
  const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const draw = (tag, attributes = {}, ...children) =>
    fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
  const number = new Intl.NumberFormat('en');
  const counted = (count, what) => `${number.format(count)} ${what}${count === 1 ? '' : 's'}`;

  // Data

  const inflate = async (block) => {
    const bytes = Uint8Array.from(atob(block.textContent), (letter) => letter.charCodeAt(0));
    const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new Response(inflated).json();
  };
  const blocksOf = (kind) => [...document.querySelectorAll(`script.${kind}`)];
  // Where each block of details begins, and what was inflated of it.
  let from = 0;
  const chunks = blocksOf('calls').map((block) => {
    const chunk = { block, from, calls: null };
    from += Number(block.dataset.count);
    return chunk;
  });
  const detailsOf = async (place) => {
    const chunk = chunks.findLast((some) => some.from <= place);
    chunk.calls ??= inflate(chunk.block);
    return (await chunk.calls)[place - chunk.from];
  };

  // A rejection is a row with its place in the file; `text` is what is searched in.
  let rows = [];
  const read = async () => {
    const parts = await Promise.all(blocksOf('rows').map(inflate));
    rows = parts.flat().map((cells, place) => {
      const row = { place, text: null };
      words.columns.forEach((name, at) => { row[name] = cells[at]; });
      row.cause = row.case || row.finding || 'none of the four';
      return row;
    });
  };
  const textOf = (row) =>
    (row.text ??= words.columns.map((name) => row[name]).join('\n').toLowerCase());

  // What is shown: the rows that the search and the filters leave, in order, a page of them

  const state = { find: '', filters: {}, key: 'time', up: true, page: 0, size: words.onAPage };
  const filters = [
    ['case', 'case', 'cause'],
    ['verdict', 'verdict', 'verdict'],
    ['trunk', 'trunk', 'trunk'],
    ['rejected_by', 'refused by', 'rejected_by'],
    ['rejected_at', 'request', 'rejected_at'],
    ['relayed', 'passed on', 'relayed'],
  ];
  const unknown = { relayed: 'no' };
  const valueOf = (row, key) => row[key] || unknown[key] || '(not known)';
  let view = [];
  const open = new Map();
  const table = byId('table');
  const body = table.tBodies[0];

  const choose = () => {
    const wanted = state.find.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = Object.entries(state.filters).filter(([, value]) => value !== '');
    view = rows.filter((row) =>
      chosen.every(([key, value]) => valueOf(row, key) === value) &&
      wanted.every((word) => textOf(row).includes(word)));
    const compare = new Intl.Collator('en', { numeric: true }).compare;
    const key = state.key === 'case' ? 'cause' : state.key;
    if (key !== 'time') view.sort((a, b) => compare(a[key], b[key]) || a.place - b.place);
    if (!state.up) view.reverse();
  };

  const pages = () => Math.max(1, Math.ceil(view.length / state.size));

  const show = () => {
    state.page = Math.min(Math.max(state.page, 0), pages() - 1);
    const shown = view.slice(state.page * state.size, (state.page + 1) * state.size);
    body.replaceChildren(...shown.flatMap((row) => {
      const line = rowOf(row);
      return open.has(row.place) ? [line, open.get(row.place)] : [line];
    }));
    const begin = view.length ? state.page * state.size + 1 : 0;
    byId('count').textContent =
      `${counted(view.length, 'rejection')}${view.length < rows.length ? ` of ${number.format(rows.length)}` : ''}` +
      (pages() > 1 ? `, ${number.format(begin)} to ${number.format(begin + shown.length - 1)} shown` : '');
    showPager();
    for (const head of table.tHead.querySelectorAll('th')) {
      const isKey = head.dataset.key === state.key;
      head.setAttribute('aria-sort', isKey ? (state.up ? 'ascending' : 'descending') : 'none');
    }
  };
  const update = () => { state.page = 0; choose(); show(); };

  // The table

  const cellsOf = [
    ['trunk', (row) => row.trunk],
    ['case', (row) => row.cause],
    ['verdict', (row) => make('span', { class: 'badge' }, row.verdict)],
    ['refused by', (row) => row.rejected_by],
    ['request', (row) => row.rejected_at],
    ['caller', (row) => row.caller],
    ['callee', (row) => row.callee],
    ['Call-ID', (row) => row.call_id],
  ];
  const rowOf = (row) => {
    const isOpen = open.has(row.place);
    const name = `Rejection ${row.place + 1} of ${row.time}`;
    const button = make('button', {
      type: 'button', class: 'open', id: `open-${row.place + 1}`, 'aria-expanded': String(isOpen), 'aria-label': name,
      'aria-controls': isOpen ? `call-${row.place + 1}` : null,
    }, make('span', { class: 'arrow', 'aria-hidden': 'true' }, isOpen ? '▾' : '▸'), row.time);
    const line = make('tr', { role: 'row', class: isOpen ? 'opened' : null },
      make('td', { role: 'cell', 'data-label': 'time' }, button),
      cellsOf.map(([label, tell]) => make('td', { role: 'cell', 'data-label': label }, tell(row))));
    line.addEventListener('click', (event) => {
      // Who selects text in a row does not want to open it.
      if (event.target.closest('button') || String(getSelection()) === '') toggle(row);
    });
    return line;
  };

  const toggle = (row) => {
    if (open.has(row.place)) {
      open.delete(row.place);
    } else {
      openRow(row);
    }
    show();
    byId(`open-${row.place + 1}`)?.focus();
    try {
      history.replaceState(null, '', open.has(row.place) ? `#r${row.place + 1}` : '#rejections');
    } catch { /* Some browsers let no file do this: the address stays. */ }
  };

  const openRow = (row) => {
    const box = make('div', { class: 'call', role: 'region', 'aria-label': `Rejection ${row.place + 1}`, 'aria-busy': 'true' }, 'Reading …');
    const cell = make('td', { role: 'cell', colspan: cellsOf.length + 1 }, box);
    open.set(row.place, make('tr', { role: 'row', class: 'details', id: `call-${row.place + 1}` }, cell));
    return detailsOf(row.place).then(
      (call) => box.replaceChildren(...tell(row, call)),
      () => box.replaceChildren('The details can’t be read: the browser lacks DecompressionStream, or the file is damaged.'),
    ).then(() => box.removeAttribute('aria-busy'));
  };

  const showPager = () => {
    const pager = byId('pager');
    const focused = document.activeElement?.dataset?.go;
    const to = (name, page) => {
      const isOff = page < 0 || page >= pages() || page === state.page;
      const button = make('button', { type: 'button', 'data-go': name, 'aria-disabled': String(isOff) }, name);
      button.addEventListener('click', () => {
        if (isOff) return;
        state.page = page;
        show();
      });
      return button;
    };
    pager.hidden = pages() < 2;
    pager.replaceChildren(
      to('First', 0), to('Previous', state.page - 1),
      make('span', {}, `page ${number.format(state.page + 1)} of ${number.format(pages())}`),
      to('Next', state.page + 1), to('Last', pages() - 1));
    if (focused) pager.querySelector(`[data-go="${focused}"]`)?.focus();
  };

  // Search and filters

  const controls = byId('controls');
  const inputs = {};
  const makeControls = () => {
    const find = make('input', { type: 'search', id: 'find', autocomplete: 'off', spellcheck: 'false', placeholder: 'number, Call-ID, codec, word of the evidence …' });
    let waiting = 0;
    find.addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { state.find = find.value; update(); }, 120);
    });
    inputs.find = find;
    const fields = [make('div', { class: 'field find' }, make('label', { for: 'find' }, 'search'), find)];
    for (const [name, label, key] of filters) {
      const counts = new Map();
      for (const row of rows) counts.set(valueOf(row, key), (counts.get(valueOf(row, key)) ?? 0) + 1);
      if (counts.size < 2) continue;
      const values = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 500);
      const select = make('select', { id: `filter-${name}` }, make('option', { value: '' }, 'all'),
        values.map(([value, count]) => make('option', { value }, `${value} (${number.format(count)})`)));
      select.addEventListener('change', () => { state.filters[key] = select.value; update(); });
      inputs[name] = select;
      fields.push(make('div', { class: 'field' }, make('label', { for: `filter-${name}` }, label), select));
    }
    const size = make('select', { id: 'size' }, [50, 100, 500].map((rows) => make('option', { value: String(rows) }, String(rows))));
    size.addEventListener('change', () => { state.size = Number(size.value); update(); });
    fields.push(make('div', { class: 'field' }, make('label', { for: 'size' }, 'per page'), size));
    const reset = make('button', { type: 'button', id: 'reset' }, 'Show all');
    reset.addEventListener('click', () => { clear(); update(); });
    fields.push(make('div', { class: 'field' }, reset));
    controls.append(...fields);
    controls.addEventListener('submit', (event) => event.preventDefault());
    controls.hidden = false;
  };
  const clear = () => {
    state.find = '';
    state.filters = {};
    inputs.find.value = '';
    for (const [name] of filters) if (inputs[name]) inputs[name].value = '';
  };

  const makeHeads = () => {
    for (const head of table.tHead.querySelectorAll('th')) {
      const button = make('button', { type: 'button', class: 'sort' }, head.textContent);
      button.addEventListener('click', () => {
        const { key } = head.dataset;
        state.up = state.key === key ? !state.up : true;
        state.key = key;
        update();
      });
      head.replaceChildren(button);
    }
  };

  // What an address of the page asks for: a rejection (#r12), a filter (#case=…), a search (#find=…)

  const asked = () => {
    try {
      return decodeURIComponent(location.hash.slice(1)).split(/=(.*)/s);
    } catch {
      return ['']; // No address of ours.
    }
  };
  const follow = async () => {
    const [key, value] = asked();
    const place = /^r(\d+)$/.exec(key)?.[1] - 1;
    if (rows[place]) {
      if (!view.includes(rows[place])) { clear(); choose(); }
      state.page = Math.floor(view.indexOf(rows[place]) / state.size);
      const ready = open.has(place) ? null : openRow(rows[place]);
      show();
      await ready;
      byId(`open-${place + 1}`)?.scrollIntoView({ block: 'start' });
      byId(`open-${place + 1}`)?.focus({ preventScroll: true });
    } else if (value !== undefined && (key === 'find' || filters.some(([name]) => name === key))) {
      clear();
      if (inputs[key]) inputs[key].value = value;
      if (key === 'find') state.find = value;
      else state.filters[filters.find(([name]) => name === key)[2]] = value;
      update();
      byId('rejections').scrollIntoView();
      byId('rejections').focus({ preventScroll: true });
    }
  };

  // One rejection

  const span = (micros) => {
    const seconds = micros / 1e6;
    return seconds < 1 && seconds > -1 ? `${(micros / 1000).toFixed(1)} ms` : `${seconds.toFixed(3)} s`;
  };
  const again = (arrow) => {
    if (arrow.times < 2) return '';
    return arrow.until >= 100000 ? ` ×${arrow.times}, last +${span(arrow.until)}` : ` (seen ${arrow.times} times)`;
  };
  const shorten = (text, most) => (text.length > most ? `${text.slice(0, Math.max(most - 1, 1))}…` : text);

  const tell = (row, call) => {
    const facts = call.facts;
    const about = words.cases[row.case];
    const meaning = about?.meaning ?? words.findings[row.finding];
    const parts = [
      make('p', { class: 'lead' },
        make('strong', {}, row.cause), ' ', make('span', { class: 'badge' }, row.verdict), ' ',
        make('span', {}, words.verdicts[row.verdict] ?? '')),
      make('dl', { class: 'facts' },
        ...fact('evidence', row.evidence),
        ...fact('what it means', meaning),
        ...fact('what to do', about && make('span', {}, about.remedy, ' ',
          make('a', { href: about.page, rel: 'noreferrer noopener' }, 'Microsoft’s page'))),
        ...fact('what confirms it', about?.confirmed),
        ...fact('Wireshark filter', copied(call.filter, row.place)),
        ...fact('other legs', facts.related_call_ids && make('span', {}, facts.related_call_ids.split(';').flatMap((id, at) =>
          [at ? ', ' : '', make('a', { href: `#find=${encodeURIComponent(id)}` }, id)]))),
        ...fact('request', place(facts.file, facts.invite_frame)),
        ...fact('488', place(facts.response_file, facts.response_frame))),
    ];
    parts.push(make('h3', {}, 'Messages'), ...ladder(row, call));
    parts.push(make('div', { class: 'texts' }, offer(row, call), refusal(call)));
    parts.push(make('details', { class: 'more' }, make('summary', {}, 'All that is known of it'),
      make('dl', { class: 'facts' }, ...Object.entries({ caller: row.caller, callee: row.callee, 'Call-ID': row.call_id, direction: row.direction, 'user agent': row.user_agent, codecs: row.codecs, ...facts })
        .flatMap(([name, value]) => fact(name.replaceAll('_', ' '), value)))));
    parts.push(make('p', {}, make('a', { href: `#r${row.place + 1}` }, 'Link to this rejection')));
    return parts;
  };
  const fact = (name, value) => (value ? [make('dt', {}, name), make('dd', {}, value)] : []);
  const place = (file, frame) => (frame ? `frame ${frame} of ${file}` : null);

  // Where the browser lets no page copy, as some do for files, the text is selected.
  const copied = (filter, at) => {
    const code = make('code', { id: `filter-of-${at}` }, filter);
    const button = make('button', { type: 'button', class: 'copy' }, 'Copy');
    const said = make('span', { role: 'status', class: 'said' });
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(filter);
        said.textContent = 'copied';
      } catch {
        getSelection().selectAllChildren(code);
        let isDone = false;
        try { isDone = document.execCommand('copy'); } catch { /* It stays selected. */ }
        said.textContent = isDone ? 'copied' : 'selected: copy it with the keyboard';
      }
    });
    return make('span', { class: 'filter' }, code, ' ', button, ' ', said);
  };

  // The ladder

  const whoIsWho = (row, call) => {
    const ends = call.arrows.flatMap((arrow) => [arrow.from, arrow.to]);
    const addressOf = (end) => end.split(' ')[0];
    // Two ends on one address are told apart by their ports.
    const isShared = call.arrows.some((arrow) => addressOf(arrow.from) === addressOf(arrow.to));
    const nameOf = (end) => (end === '' ? 'no address' : isShared ? end.replace(/ (\d+)$/, ':$1') : addressOf(end));
    const names = [...new Set(ends.map(nameOf))];
    const roles = new Map();
    for (const arrow of call.arrows) {
      if (!arrow.teams) continue;
      const teams = nameOf(arrow[arrow.teams]);
      const other = nameOf(arrow[arrow.teams === 'from' ? 'to' : 'from']);
      roles.set(teams, 'Teams');
      if (other !== teams && !roles.has(other)) roles.set(other, `SBC · ${call.facts.trunk ?? ''}`);
    }
    const refusal = call.arrows[call.response];
    if (refusal && !roles.size && row.rejected_by) {
      const isSbc = row.rejected_by === 'sbc';
      roles.set(nameOf(refusal.from), isSbc ? 'SBC' : row.rejected_by);
      roles.set(nameOf(refusal.to), isSbc ? `carrier · ${call.facts.carrier_trunk ?? ''}` : 'SBC');
    }
    return { names, nameOf, roles };
  };

  const ladder = (row, call) => {
    if (!call.arrows.length) return [make('p', {}, 'The messages are not shown: the page has those of the first 200 rejections of a call.')];
    const { names, nameOf, roles } = whoIsWho(row, call);
    // As wide as there is room for; what needs more is scrolled.
    const isNarrow = table.clientWidth < 600;
    const [left, right] = isNarrow ? [110, 90] : [250, 180];
    const room = (table.clientWidth - 60 - left - right) / Math.max(names.length - 1, 1);
    const gap = Math.round(Math.min(Math.max(room, names.length === 2 ? 300 : 220), 640));
    const width = left + gap * (names.length - 1) + right;
    const x = (name) => left + gap * names.indexOf(name);
    const top = 62;
    const lines = [];
    let y = top - 14;
    call.arrows.forEach((arrow, at) => {
      const mark = at === call.request ? 'asked' : at === call.response ? 'refused' : null;
      y += arrow.sdp ? 48 : 34;
      const clock = isNarrow ? `+${span(arrow.after)}` : `${arrow.clock} +${span(arrow.after)}`;
      lines.push(line(arrow, mark, clock, x(nameOf(arrow.from)), x(nameOf(arrow.to)), y, gap, width));
    });
    const bottom = y + 22;
    const heads = names.map((name) => draw('g', {},
      draw('text', { x: x(name), y: 20, class: 'role' }, shorten(roles.get(name) ?? '', Math.floor(gap / 7.5))),
      draw('text', { x: x(name), y: 38, class: 'end' }, name),
      draw('line', { x1: x(name), x2: x(name), y1: 46, y2: bottom, class: 'life' })));
    const title = `Ladder diagram: ${counted(call.arrows.length, 'message')} between ${names.join(' and ')}. The same is in the list behind it.`;
    const picture = draw('svg', { class: 'ladder', viewBox: `0 0 ${width} ${bottom + 6}`, width, height: bottom + 6, role: 'img', 'aria-label': title }, heads, lines);
    const left_out = (count, where) => (count ? [make('p', {}, `${counted(count, 'message')} ${where} left out.`)] : []);
    return [
      ...left_out(call.before, 'before these'),
      make('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': `Ladder of rejection ${row.place + 1}` }, picture),
      ...left_out(call.behind, 'behind these'),
      make('details', {}, make('summary', {}, 'The same as a list'), messages(call, nameOf)),
    ];
  };

  const line = (arrow, mark, clock, x1, x2, y, gap, width) => {
    const isLoop = x1 === x2;
    const way = x2 < x1 ? -1 : 1;
    const tip = isLoop ? x1 + 60 : x2;
    const middle = isLoop ? x1 + 30 : (x1 + x2) / 2;
    const room = isLoop ? gap : Math.abs(x2 - x1);
    const what = `${arrow.what}${arrow.cut ? ' (cut)' : ''}${again(arrow)}`;
    const labelled = mark === 'asked' ? `▶ refused: ${what}` : mark === 'refused' ? `■ ${what}` : what;
    const parts = [
      draw('title', {}, `${what}, CSeq ${arrow.cseq}, ${arrow.clock}, frame ${arrow.frame} of ${arrow.file}, ${arrow.transport}`),
      draw('text', { x: 8, y: y + 4, class: 'clock' }, clock),
      draw('line', { x1, x2: tip, y1: y, y2: y, class: 'shaft' }),
      draw('path', { d: `M${tip} ${y}l${-way * 9} -5v10z`, class: 'tip' }),
      draw('text', { x: middle, y: y - (arrow.sdp ? 19 : 6), class: 'what' }, shorten(labelled, Math.floor(room / 6.7))),
      draw('text', { x: width - 8, y: y + 4, class: 'frame' }, `frame ${arrow.frame}`),
    ];
    if (arrow.sdp) {
      parts.push(draw('text', { x: middle, y: y - 6, class: 'sdp' }, draw('title', {}, arrow.sdp), shorten(arrow.sdp, Math.floor(room / 5.9))));
    }
    return draw('g', { class: mark ? `message ${mark}` : 'message' }, parts);
  };

  const messages = (call, nameOf) => make('ol', { class: 'messages' }, call.arrows.map((arrow, at) => {
    const mark = at === call.request ? 'The refused request: ' : at === call.response ? 'Its 488: ' : '';
    return make('li', {},
      mark ? make('strong', {}, mark) : null,
      `${arrow.clock} (+${span(arrow.after)}), ${nameOf(arrow.from)} to ${nameOf(arrow.to)}: ${arrow.what}${again(arrow)}, CSeq ${arrow.cseq}, ` +
      `${arrow.transport}, frame ${arrow.frame} of ${arrow.file}${arrow.cut ? ', cut' : ''}`,
      arrow.sdp ? make('div', { class: 'sdp' }, arrow.sdp) : null);
  }));

  // The texts, with what counts in them marked and explained beside it

  const linesOf = (text) => {
    const lines = text.split(/\r\n|\n|\r/);
    while (lines.length && lines[lines.length - 1] === '') lines.pop();
    return lines;
  };
  const numbered = (lines, first, notes, label) => make('div', { class: 'lines', role: 'list', 'aria-label': label },
    lines.map((text, at) => {
      const found = notes.get(at) ?? [];
      return make('div', { role: 'listitem', class: found.length ? (found[0].shows ? 'line marked' : 'line marked refutes') : 'line' },
        make('span', { class: 'no' }, first === null ? '' : String(first + at)),
        found.length ? make('mark', {}, text) : make('span', { class: 'text' }, text),
        found.length ? make('span', { class: 'note' }, found.map((note) => make('span', {}, note.shows ? '◀ ' : '◁ ', note.note))) : null);
    }));

  const offer = (row, call) => {
    const box = make('section', {}, make('h3', {}, 'The refused offer'));
    const asked = call.arrows[call.request];
    if (!asked) {
      box.append(make('p', {}, 'The refused request is not in the capture.'));
      return box;
    }
    if (!call.asked) {
      box.append(make('p', {}, `Not shown: it has ${counted(asked.bytes, 'byte')}, more than a page holds.`));
      return box;
    }
    const lines = linesOf(call.asked);
    const begin = call.sdp ? call.sdp - 1 : lines.length;
    const notes = new Map();
    for (const [at, shows, note] of call.marks) {
      const key = at - 1 - begin;
      notes.set(key, [...(notes.get(key) ?? []), { shows, note }]);
    }
    const why = notes.size
      ? [...notes.values()][0][0].shows ? 'The marked lines (◀) show the case.' : 'The marked lines (◁) show that the offer is not what the response says.'
      : row.relayed ? 'This 488 only passes on another leg’s: what was refused is that leg’s offer.'
        : call.sdp ? 'No line of it decided.' : 'It has no SDP that is whole.';
    box.append(
      make('p', {}, why),
      make('details', { open: !call.sdp }, make('summary', {}, counted(begin, 'line') + ' of SIP before the SDP'), numbered(lines.slice(0, begin), null, new Map(), 'SIP header of the refused request')),
    );
    if (call.sdp) box.append(numbered(lines.slice(begin), 1, notes, 'SDP of the refused request'));
    return box;
  };

  const refusal = (call) => {
    const box = make('section', {}, make('h3', {}, 'The 488'));
    if (!call.refused) {
      box.append(make('p', {}, 'Not shown.'));
      return box;
    }
    const lines = linesOf(call.refused);
    const notes = new Map();
    lines.forEach((text, at) => {
      if (/^(reason|warning|ms-diagnostics[\w-]*|error-info)\s*:/i.test(text)) notes.set(at, [{ shows: true, note: 'what the response says' }]);
    });
    box.append(make('p', {}, notes.size ? 'The marked lines give the reason.' : 'It gives no reason.'), numbered(lines, null, notes, 'The 488'));
    return box;
  };

  // On paper: what is filtered, as far as a printout can be read

  const printed = 1000;
  let before = null;
  addEventListener('beforeprint', () => {
    before = { page: state.page, size: state.size };
    state.size = printed;
    state.page = 0;
    show();
    if (view.length > printed) byId('count').textContent += `; the first ${number.format(printed)} are printed`;
  });
  addEventListener('afterprint', () => {
    if (before) Object.assign(state, before);
    before = null;
    show();
  });

  read().then(() => {
    makeControls();
    makeHeads();
    choose();
    show();
    addEventListener('hashchange', follow);
    document.documentElement.dataset.ready = 'yes';
    return follow();
  }).catch(() => {
    byId('count').textContent += '. The rest can’t be read: the browser lacks DecompressionStream, or the file is damaged.';
  });
})();
