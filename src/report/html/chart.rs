//! 488s over time, by trunk: counted while rejections stream by, in buckets that grow with the time that they span.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::capture::record::Nanos;
use crate::report::escape::html;
use crate::report::row::Row;
use crate::report::time::Zone;
use crate::report::trunks::TrunkSide;
use crate::report::trunks::trunk_of;
use crate::text::Text;

use super::counted;

/// Buckets of a chart: a day has 96 quarters of an hour.
const MOST_BUCKETS: i64 = 96;

/// Trunks counted each by itself; those that come later are counted together.
const MOST_TRUNKS: usize = 500;

/// Trunks drawn, the most 488s first; the rest is drawn together.
const DRAWN: usize = 10;

/// Seconds that a bucket may span, each a multiple of the one before. Beyond them it doubles.
const WIDTHS: [i64; 10] = [
    60, 300, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800,
];

/// Rejections by bucket, counted from 1970 in the zone's own time.
type Buckets = BTreeMap<i64, u64>;

/// The 488s of a run over time.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// Seconds of a bucket.
    width: i64,
    /// By the name in lower case and the side, as in the trunk report: its spelling, and its counts.
    trunks: BTreeMap<(Vec<u8>, Option<TrunkSide>), (Text<'static>, Buckets)>,
    others: Buckets,
    ends: Option<(i64, i64)>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            width: WIDTHS[0],
            trunks: BTreeMap::new(),
            others: Buckets::new(),
            ends: None,
        }
    }
}

impl Timeline {
    /// Counts a rejection.
    pub(super) fn add(&mut self, row: &Row<'_>, zone: &Zone) {
        let (name, side) = trunk_of(row);
        let key = (name.as_bytes().to_ascii_lowercase(), side);
        let bucket = zone.civil_seconds(row.request_time).div_euclid(self.width);
        self.count(
            key,
            name.clone().into_owned(),
            &Buckets::from([(bucket, 1)]),
        );
        self.fit();
    }

    /// Takes what another counted.
    pub(super) fn join(&mut self, mut other: Self) {
        while self.width < other.width {
            self.widen();
        }
        while other.width < self.width {
            other.widen();
        }
        for (key, (name, buckets)) in other.trunks {
            self.count(key, name, &buckets);
        }
        self.add_others(&other.others);
        self.fit();
    }

    fn count(&mut self, key: (Vec<u8>, Option<TrunkSide>), name: Text<'static>, counts: &Buckets) {
        let is_full = self.trunks.len() >= MOST_TRUNKS;
        if is_full && !self.trunks.contains_key(&key) {
            return self.add_others(counts);
        }
        let known = self
            .trunks
            .entry(key)
            .or_insert_with(|| (name.clone(), Buckets::new()));
        known.0 = std::mem::take(&mut known.0).min(name);
        add_all(&mut known.1, counts);
        self.reach(counts);
    }

    fn add_others(&mut self, counts: &Buckets) {
        add_all(&mut self.others, counts);
        self.reach(counts);
    }

    fn reach(&mut self, counts: &Buckets) {
        for end in [counts.first_key_value(), counts.last_key_value()] {
            let Some((&bucket, _)) = end else { return };
            let (first, last) = self.ends.unwrap_or((bucket, bucket));
            self.ends = Some((first.min(bucket), last.max(bucket)));
        }
    }

    /// Widens the buckets until there are few enough.
    fn fit(&mut self) {
        while self
            .ends
            .is_some_and(|(first, last)| last - first >= MOST_BUCKETS)
        {
            self.widen();
        }
    }

    fn widen(&mut self) {
        let next = WIDTHS.iter().find(|width| **width > self.width);
        let times = next.copied().unwrap_or(2 * self.width) / self.width;
        self.width *= times;
        let wider = |buckets: &Buckets| {
            let mut wide = Buckets::new();
            for (bucket, count) in buckets {
                *wide.entry(bucket.div_euclid(times)).or_default() += count;
            }
            wide
        };
        for (_, buckets) in self.trunks.values_mut() {
            *buckets = wider(buckets);
        }
        self.others = wider(&self.others);
        self.ends = self
            .ends
            .map(|(first, last)| (first.div_euclid(times), last.div_euclid(times)));
    }

    /// The chart: a line of bars for each trunk, all on one scale, and the same as a table. Nothing where there is no 488.
    pub(super) fn drawn(&self) -> String {
        let Some(ends) = self.ends else {
            return String::new();
        };
        let lines = self.lines();
        let tallest = lines
            .iter()
            .flat_map(|line| line.counts.values())
            .max()
            .copied()
            .unwrap_or(1);
        let mut out = format!(
            "<p>Requests that met a 488, in steps of {}, by the trunk that they count on; both legs of a call are counted. All bars are on one scale: the tallest is {}.</p>\n<div class=\"chart\">\n",
            self.step(),
            counted(tallest, "request"),
        );
        for line in &lines {
            out += &self.bars(line, ends, tallest);
        }
        let (first, last) = ends;
        let _ = writeln!(
            out,
            "<div class=\"axis\" aria-hidden=\"true\"><span>{}</span><span>{}</span><span>{}</span></div>\n</div>",
            self.begin(first),
            self.begin(first + (last + 1 - first) / 2),
            self.begin(last + 1),
        );
        out + &self.table(&lines)
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = self
            .trunks
            .iter()
            .map(|((_, side), (name, counts))| Line {
                name: label(&String::from_utf8_lossy(name.as_bytes()), *side),
                total: counts.values().sum(),
                counts: counts.clone(),
            })
            .collect();
        // The order of the keys is kept among equals.
        lines.sort_by_key(|line| std::cmp::Reverse(line.total));
        let mut rest = self.others.clone();
        for line in lines.drain(DRAWN.min(lines.len())..) {
            add_all(&mut rest, &line.counts);
        }
        if !rest.is_empty() {
            lines.push(Line {
                name: "all other trunks".to_owned(),
                total: rest.values().sum(),
                counts: rest,
            });
        }
        lines
    }

    fn bars(&self, line: &Line, (first, last): (i64, i64), tallest: u64) -> String {
        let most = line
            .counts
            .iter()
            .max_by_key(|(bucket, count)| (**count, -**bucket));
        let most = most.map(|(bucket, count)| {
            format!("{} at {}", counted(*count, "request"), self.begin(*bucket))
        });
        let name = html(&line.name);
        let mut out = format!(
            "<div class=\"line\"><div class=\"name\"><bdi>{name}</bdi> <b>{}</b></div><svg viewBox=\"0 0 {} 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{name}: {}, most: {}\">",
            super::grouped(line.total),
            (last - first + 1) * 10,
            counted(line.total, "request"),
            most.unwrap_or_default(),
        );
        for (bucket, count) in &line.counts {
            // One of many still shows.
            let height = (count * 96 / tallest).max(4);
            let _ = write!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"8.4\" height=\"{height}\"><title>{}: {count}</title></rect>",
                (bucket - first) * 10,
                100 - height,
                self.begin(*bucket),
            );
        }
        out + "</svg></div>\n"
    }

    fn table(&self, lines: &[Line]) -> String {
        let mut out = String::from(
            "<details><summary>The same as a table</summary>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table of 488s over time\"><table><thead><tr><th scope=\"col\">from</th>",
        );
        for line in lines {
            let _ = write!(
                out,
                "<th scope=\"col\" class=\"number\"><bdi>{}</bdi></th>",
                html(&line.name)
            );
        }
        out += "</tr></thead><tbody>\n";
        let mut told: Vec<i64> = lines
            .iter()
            .flat_map(|line| line.counts.keys().copied())
            .collect();
        told.sort_unstable();
        told.dedup();
        for bucket in told {
            let _ = write!(out, "<tr><th scope=\"row\">{}</th>", self.begin(bucket));
            for line in lines {
                let count = line.counts.get(&bucket).copied().unwrap_or_default();
                let _ = write!(out, "<td class=\"number\">{count}</td>");
            }
            out += "</tr>\n";
        }
        out + "</tbody></table></div></details>\n"
    }

    /// When a bucket begins, to the minute.
    fn begin(&self, bucket: i64) -> String {
        let mut out = String::new();
        let seconds = bucket.saturating_mul(self.width);
        Zone::default().write(Nanos(seconds.saturating_mul(1_000_000_000)), &mut out);
        out.truncate("2026-03-02 09:00".len());
        out
    }

    fn step(&self) -> String {
        match self.width {
            60 => "a minute".to_owned(),
            3600 => "an hour".to_owned(),
            86_400 => "a day".to_owned(),
            604_800 => "a week".to_owned(),
            minutes if minutes < 3600 => format!("{} minutes", minutes / 60),
            hours if hours < 86_400 => format!("{} hours", hours / 3600),
            weeks => format!("{} weeks", weeks / 604_800),
        }
    }
}

/// What is drawn of a trunk.
struct Line {
    name: String,
    total: u64,
    counts: Buckets,
}

/// A trunk's name as the page shows it.
pub(super) fn label(name: &str, side: Option<TrunkSide>) -> String {
    let name = if name.is_empty() { "(no name)" } else { name };
    match side {
        Some(TrunkSide::Carrier) => format!("{name} (carrier)"),
        _ => name.to_owned(),
    }
}

fn add_all(to: &mut Buckets, counts: &Buckets) {
    for (bucket, count) in counts {
        *to.entry(*bucket).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::MOST_BUCKETS;
    use super::MOST_TRUNKS;
    use super::Timeline;
    use crate::capture::record::Nanos;
    use crate::report::row::Row;
    use crate::report::time::Zone;
    use crate::text::Text;

    fn timeline(times: &[i64]) -> Timeline {
        let mut timeline = Timeline::default();
        for time in times {
            let row = Row {
                request_time: Nanos(time.saturating_mul(1_000_000_000)),
                trunk: Text::from("a"),
                ..Row::default()
            };
            timeline.add(&row, &Zone::default());
        }
        timeline
    }

    fn told(timeline: &Timeline) -> (i64, Vec<(i64, u64)>) {
        let (_, buckets) = timeline.trunks.values().next().unwrap();
        (
            timeline.width,
            buckets.iter().map(|(at, count)| (*at, *count)).collect(),
        )
    }

    #[test]
    fn buckets_grow_with_the_time_that_they_span() {
        assert_eq!(told(&timeline(&[0, 59, 60])), (60, vec![(0, 2), (1, 1)]));
        assert_eq!(told(&timeline(&[0, 24 * 3600 - 1])).0, 900);
        let all_times = timeline(&[i64::MIN / 1_000_000_000, 0, i64::MAX / 1_000_000_000]);
        let (first, last) = all_times.ends.unwrap();
        assert!(last - first < MOST_BUCKETS && all_times.drawn().contains(" weeks"));
    }

    #[test]
    fn parts_together_are_the_whole() {
        let times = [5, 100, 7000, 86_400, 200_000, -50_000];
        let whole = told(&timeline(&times));
        for cut in 0..=times.len() {
            let mut first = timeline(&times[..cut]);
            first.join(timeline(&times[cut..]));
            assert_eq!(told(&first), whole, "{cut}");
        }
    }

    #[test]
    fn trunks_beyond_the_bound_are_counted_together() {
        let mut timeline = Timeline::default();
        for number in 0..MOST_TRUNKS + 3 {
            let row = Row {
                trunk: Text::from(format!("{number}").into_bytes()),
                ..Row::default()
            };
            timeline.add(&row, &Zone::default());
        }
        assert_eq!(timeline.others.values().sum::<u64>(), 3);
        let drawn = timeline.drawn();
        let others = MOST_TRUNKS + 3 - super::DRAWN;
        assert!(
            drawn.contains(&format!("all other trunks</bdi> <b>{others}</b>")),
            "{drawn}"
        );
    }
}
