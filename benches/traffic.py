#!/usr/bin/env python3
"""Makes the captures that benches measure. The same arguments always give the same bytes.

    benches/traffic.py KIND N FILE

What is as a night is: N calls of seven messages (in every fiftieth the INVITE is refused with 488).
    mixed            over UDP, among RTP: 97 % of the packets
    sip              over UDP
    tcp              over 40 TCP connections; segments are split and joined
    rtp              N packets of RTP alone

What must cost in proportion to N alone:
    one-call         a call of N messages: re-INVITEs, each answered
    long-calls       64 calls of N messages in all, by turns
    forks            a call of N responses to one INVITE, each with another tag
    retransmissions  a call of one INVITE, N times
    open-calls       N calls that are answered and never end
    one-connection   N messages on one TCP connection
    one-call-id      N INVITEs with one Call-ID, each with another From tag and branch
    both-legs        N calls between the same two numbers, each from a carrier to the SBC and from there to Teams, which is busy: no leg can
                     be told from another
    syns             N TCP connections of which there is only the SYN
    one-byte         N TCP connections of one byte each
    out-of-order     one TCP connection of N segments of which each two are swapped
    backwards        the same, of which each twenty come last first
    after-a-hole     one TCP connection of N segments of 100 bytes; the one before them is lost
    holes            the same; between each two one is lost
    single-bytes     one TCP connection of N segments of one byte
    endless          one TCP connection of N segments of 100 bytes, all of one message
    fragments        N first fragments of UDP datagrams that never become whole
    tiny-fragments   N fragments of eight bytes, of datagrams that become whole; the last comes first
    interfaces       pcapng: N interfaces, a packet on each
    sections         pcapng: N sections, a packet in each
"""
import itertools
import struct
import sys

MORNING = 1_767_225_600_000_000  # 2026-01-01 00:00:00 UTC, in microseconds
SBCS = ["fra", "nyc", "sin", "syd", "ber", "lon", "par", "mad"]
CRLF = "\r\n"


def ethernet(payload):
    return b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00" + payload


def ip(source, destination, protocol, payload, identification=0, fragment=0):
    """An IPv4 packet (RFC 791), without a checksum: captures of sent packets often have none."""
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identification, fragment, 64, protocol, 0,
                       bytes(source), bytes(destination)) + payload


def udp(source, destination, payload):
    (host, port), (to, to_port) = source, destination
    header = struct.pack(">HHHH", port, to_port, 8 + len(payload), 0)
    return ethernet(ip(host, to, 17, header + payload))


def tcp(source, destination, sequence, payload, flags=0x18):
    (host, port), (to, to_port) = source, destination
    header = struct.pack(">HHIIBBHHH", port, to_port, sequence & 0xFFFFFFFF, 1, 0x50, flags, 65535, 0, 0)
    return ethernet(ip(host, to, 6, header + payload))


def sbc(number):
    return ((198, 51, 100, 10 + number % len(SBCS)), 5060)


TEAMS = ((52, 114, 75, 24), 5061)


def sdp(number, host, key):
    address = ".".join(str(part) for part in host)
    port = 20000 + number % 20000
    lines = ["v=0", f"o=- {number} 1 IN IP4 {address}", "s=session", f"c=IN IP4 {address}", "t=0 0"]
    profile = "RTP/SAVP" if key else "RTP/AVP"
    lines += [f"m=audio {port} {profile} 104 8 0 101", "a=rtpmap:104 SILK/16000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000",
              "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv", "a=ice-ufrag:f9vK",
              "a=ice-pwd:Zp1sVGcQ3mT7yRk0aLwXbn", f"a=candidate:1 1 UDP 2130706431 {address} {port} typ host",
              f"a=candidate:1 2 UDP 2130706430 {address} {port + 1} typ host"]
    if key:
        lines.append("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw|2^31")
    return CRLF.join(lines) + CRLF


class Call:
    """The messages of one call from an SBC to Teams."""

    def __init__(self, number, transport, call_id=None, tag=None):
        self.number, self.transport = number, transport
        self.host, self.port = sbc(number)
        self.name = f"sbc-{SBCS[number % len(SBCS)]}.contoso.example"
        address = ".".join(str(part) for part in self.host)
        self.call_id = call_id or f"{number}-{number * 2654435761 % 2**32:08x}@{address}"
        self.caller, self.callee = f"+4930{number % 10**8:08d}", f"+4420{number * 7 % 10**8:08d}"
        self.tag = tag or f"1c{number * 40503 % 2**31}"

    def message(self, start, cseq, method, is_answered, body="", more=()):
        to_tag = f";tag=t{self.number}" if is_answered else ""
        lines = [start,
                 f"Via: SIP/2.0/{self.transport.upper()} {self.name}:5060;branch=z9hG4bKac{self.number}-{cseq}{method};alias",
                 "Max-Forwards: 69",
                 f"From: <sip:{self.caller}@{self.name};user=phone>;tag={self.tag}",
                 f"To: <sip:{self.callee}@sip.pstnhub.microsoft.com;user=phone>{to_tag}",
                 f"Call-ID: {self.call_id}",
                 f"CSeq: {cseq} {method}"]
        lines += more
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        return (CRLF.join(lines) + CRLF + CRLF + body).encode()

    def request(self, method, cseq, body="", is_answered=True):
        more = [f"Contact: <sip:{self.caller}@{self.name}:5060;transport={self.transport}>",
                "Supported: 100rel,timer,replaces", "Allow: INVITE,ACK,CANCEL,BYE,NOTIFY,PRACK,REFER,INFO,UPDATE,OPTIONS",
                "User-Agent: Mediant SW/v.7.40A.500.781"]
        uri = f"sip:{self.callee}@sip.pstnhub.microsoft.com:5061;user=phone;transport={self.transport}"
        return True, self.message(f"{method} {uri} SIP/2.0", cseq, method, is_answered, body, more)

    def response(self, status, phrase, cseq, method, body="", more=()):
        more = [*more, "Contact: <sip:sip.pstnhub.microsoft.com:443;transport=tls>", "Server: Microsoft.PSTNHub.SIPProxy v.2026.1.8.5"]
        return False, self.message(f"SIP/2.0 {status} {phrase}", cseq, method, status > 100, body, more)

    def ladder(self):
        """Seconds from the start, whether the SBC sends, and the message."""
        is_refused = self.number % 50 == 49
        invite = self.request("INVITE", 1, sdp(self.number, self.host, not is_refused), is_answered=False)
        steps = [(0, invite), (20, self.response(100, "Trying", 1, "INVITE"))]
        if is_refused:
            reason = ('Reason: Q.850;cause=65;text="%08x-4f89-11d3-9a0c-0305e82c3301;Remote participant did not offer required SRTP support"'
                      % self.number)
            return steps + [(60, self.response(488, "Not Acceptable Here", 1, "INVITE", more=[reason])), (80, self.request("ACK", 1))]
        answer = sdp(self.number + 1, TEAMS[0], True)
        return steps + [(900, self.response(180, "Ringing", 1, "INVITE")), (4000, self.response(200, "OK", 1, "INVITE", answer)),
                        (4030, self.request("ACK", 1)), (24000, self.request("BYE", 2)), (24040, self.response(200, "OK", 2, "BYE"))]


def timed_calls(count, transport):
    """The messages of many calls, in order of time: microseconds, call, whether the SBC sends, bytes."""
    steps = []
    for number in range(count):
        call = Call(number, transport)
        steps += [(MORNING + number * 10_000 + after * 1000, number, place, message)
                  for place, (after, message) in enumerate(call.ladder())]
    steps.sort(key=lambda step: step[:3])
    return [(time, number, message[0], message[1]) for time, number, _, message in steps]


def ends(number, is_sbc):
    return (sbc(number), TEAMS) if is_sbc else (TEAMS, sbc(number))


def sip(count):
    for time, number, is_sbc, text in timed_calls(count, "udp"):
        yield time, udp(*ends(number, is_sbc), text)


def rtp(count):
    source, destination = ((192, 0, 2, 10), 40000), ((52, 114, 76, 76), 50000)
    payload = bytes((index * 37 + 11) % 256 for index in range(160))
    for number in range(count):
        stream, sent = number % 64, number // 64
        header = struct.pack(">BBHII", 0x80, 8, sent & 0xFFFF, sent * 160 & 0xFFFFFFFF, stream)
        yield (MORNING + number * 300,
               udp((source[0], source[1] + 2 * stream), (destination[0], destination[1] + 2 * stream), header + payload))


def mixed(count):
    audio = None
    for time, frame in sip(count):
        if audio is None:
            audio = [frame for _, frame in rtp(4096)]
            place = 0
        yield time, frame
        for _ in range(32):
            yield time, audio[place % 4096]
            place += 1


def streams(count):
    """Calls over TCP: 20 connections of each direction's messages; segments are at most 1,400 bytes."""
    waiting = {}
    sequences = {}

    def segments(time, key, held):
        host, _ = sbc(key[0])
        near, far = (host, 30000 + key[0]), (TEAMS[0], 5060)
        source, destination = (near, far) if is_sbc else (far, near)
        while held:
            part, held = held[:1400], held[1400:]
            sequence = sequences.get(key, 1000)
            sequences[key] = sequence + len(part)
            yield time, tcp(source, destination, sequence, part)

    for time, number, is_sbc, text in timed_calls(count, "tcp"):
        key = (number % 20, is_sbc)
        held = waiting.get(key, b"") + text
        # One message in four waits for the next one of its direction.
        is_held = (number * 7 + len(text)) % 4 == 0 and len(held) < 4000
        waiting[key] = held if is_held else b""
        if not is_held:
            yield from segments(time, key, held)
    for key, held in waiting.items():
        yield from segments(time, key, held)


def re_invites(count, calls):
    time = MORNING
    for cseq in range(1, count // (3 * len(calls)) + 1):
        for call in calls:
            offer = sdp(cseq, call.host, True)
            steps = [call.request("INVITE", cseq, offer, is_answered=cseq > 1),
                     call.response(200, "OK", cseq, "INVITE", sdp(cseq, TEAMS[0], True)), call.request("ACK", cseq)]
            for is_sbc, text in steps:
                time += 20_000
                yield time, udp(*ends(call.number, is_sbc), text)


def one_call(count):
    return re_invites(count, [Call(0, "udp")])


def long_calls(count):
    return re_invites(count, [Call(number, "udp") for number in range(64)])


def forks(count):
    call = Call(0, "udp")
    is_sbc, text = call.request("INVITE", 1, sdp(0, call.host, True), is_answered=False)
    yield MORNING, udp(*ends(0, is_sbc), text)
    for number in range(count):
        is_sbc, text = call.response(200, "OK", 1, "INVITE", sdp(number, TEAMS[0], True))
        text = text.replace(b";tag=t0", b";tag=t%d" % number)
        yield MORNING + number * 100, udp(*ends(0, is_sbc), text)


def retransmissions(count):
    call = Call(0, "udp")
    is_sbc, text = call.request("INVITE", 1, sdp(0, call.host, True), is_answered=False)
    for number in range(count):
        yield MORNING + number * 100, udp(*ends(0, is_sbc), text)


def open_calls(count):
    for number in range(count):
        call = Call(number, "udp")
        for place, step in enumerate(call.ladder()[:4:3]):
            yield MORNING + number * 100 + place, udp(*ends(number, step[1][0]), step[1][1])


def one_connection(count):
    sequence = 1000
    call = Call(0, "tcp")
    for number in range(count):
        _, text = call.request("OPTIONS", number + 1)
        yield MORNING + number * 100, tcp((call.host, 30000), (TEAMS[0], 5060), sequence, text)
        sequence += len(text)


def one_call_id(count):
    for number in range(count):
        call = Call(number, "udp", call_id="one@198.51.100.10")
        is_sbc, text = call.request("INVITE", 1, sdp(number, call.host, True), is_answered=False)
        yield MORNING + number * 100, udp(*ends(0, is_sbc), text)


def both_legs(count):
    """The carrier's leg differs from Teams' in hosts, Call-ID and branch alone."""
    carrier = (203, 0, 113, 9), 5060
    for number in range(count):
        call = Call(0, "udp", call_id=f"teams-{number * 2654435761 % 2 ** 32:08x}-{number}")
        invite, busy = call.request("INVITE", 1, is_answered=False)[1], call.response(486, "Busy Here", 1, "INVITE")[1]
        source, destination = ends(0, True)
        outside = [text.replace(b"sip.pstnhub.microsoft.com", b"sip.carrier.example").replace(b"teams-", b"outside-")
                   .replace(b"Microsoft.PSTNHub.SIPProxy", b"SBC") for text in (invite, busy)]
        time = MORNING + number * 2_000
        yield time, udp(carrier, source, outside[0])
        yield time + 100, udp(source, destination, invite)
        yield time + 200, udp(destination, source, busy)
        yield time + 300, udp(source, carrier, outside[1])


def host_of(number):
    return (10, number >> 16 & 255, number >> 8 & 255, number & 255)


def syns(count):
    for number in range(count):
        yield MORNING + number, tcp((host_of(number), 20000), (TEAMS[0], 5060), number, b"", flags=2)


def one_byte(count):
    for number in range(count):
        yield MORNING + number, tcp((host_of(number), 20000), (TEAMS[0], 5060), number, b"I")


def by_turns(packets, turn):
    """The packets, of which each so many come last first, in times that rise."""
    while group := list(itertools.islice(packets, turn)):
        for (time, _), (_, frame) in zip(group, reversed(group)):
            yield time, frame


def out_of_order(count):
    return by_turns(one_connection(count), 2)


def backwards(count):
    return by_turns(one_connection(count), 20)


def pieces(text, size, count):
    """The first segments of one connection that sends a text over and over."""
    text *= size * count // len(text) + 1
    for number in range(count):
        yield (MORNING + number * 100,
               tcp((sbc(0)[0], 30000), (TEAMS[0], 5060), 1000 + number * size, text[number * size:(number + 1) * size]))


def an_options():
    return Call(0, "tcp").request("OPTIONS", 1)[1]


def after_a_hole(count):
    for number, packet in enumerate(pieces(an_options(), 100, count + 2)):
        if number != 1:
            yield packet


def holes(count):
    for number, packet in enumerate(pieces(an_options(), 100, 2 * count)):
        if number % 2 == 0:
            yield packet


def single_bytes(count):
    return pieces(an_options(), 1, count)


def endless(count):
    head = b"INVITE sip:a@b SIP/2.0\r\n"
    header = b"X-Header: there is nothing to be seen here\r\n"
    for number, (time, frame) in enumerate(pieces(header, 100, count)):
        yield time, frame[:54] + head + frame[54 + len(head):] if number == 0 else frame


def fragments(count):
    for number in range(count):
        payload = struct.pack(">HHHH", 5060, 5060, 3000, 0) + b"INVITE sip:a@b SIP/2.0\r\n" + bytes(1400)
        yield (MORNING + number * 1000,
               ethernet(ip(host_of(number), TEAMS[0], 17, payload[:1400], number & 0xFFFF, 0x2000)))


def tiny_fragments(count):
    call = Call(0, "udp")
    _, text = call.request("INVITE", 1, sdp(0, call.host, True), is_answered=False)
    datagram = struct.pack(">HHHH", 5060, 5060, 8 + len(text), 0) + text
    offsets = range(0, len(datagram), 8)
    for number in range(count):
        whole, place = divmod(number, len(offsets))
        offset = offsets[-1 - place]
        more = 0x2000 if place else 0
        piece = datagram[offset:offset + 8]
        yield MORNING + number * 10, ethernet(ip(call.host, TEAMS[0], 17, piece, whole & 0xFFFF, more | offset // 8))


def pcap(packets):
    yield struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    for time, frame in packets:
        yield struct.pack("<IIII", time // 1_000_000, time % 1_000_000, len(frame), len(frame)) + frame


def block(kind, body):
    length = 12 + len(body)
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


SECTION = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
INTERFACE = block(1, struct.pack("<HHI", 1, 0, 262144))


def enhanced(interface, time, frame):
    padded = frame + bytes(-len(frame) % 4)
    return block(6, struct.pack("<IIIII", interface, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame)) + padded)


def interfaces(count):
    yield SECTION + INTERFACE * count
    for number, (time, frame) in enumerate(rtp(count)):
        yield enhanced(number, time, frame)


def sections(count):
    for time, frame in rtp(count):
        yield SECTION + INTERFACE + enhanced(0, time, frame)


PCAP = {"mixed": mixed, "sip": sip, "tcp": streams, "rtp": rtp, "one-call": one_call, "open-calls": open_calls,
        "one-connection": one_connection, "one-call-id": one_call_id, "both-legs": both_legs, "syns": syns, "one-byte": one_byte,
        "out-of-order": out_of_order, "fragments": fragments, "long-calls": long_calls, "forks": forks,
        "retransmissions": retransmissions, "backwards": backwards, "after-a-hole": after_a_hole, "holes": holes,
        "single-bytes": single_bytes, "endless": endless, "tiny-fragments": tiny_fragments}
PCAPNG = {"interfaces": interfaces, "sections": sections}


def write(kind, count, path):
    parts = pcap(PCAP[kind](count)) if kind in PCAP else PCAPNG[kind](count)
    with open(path, "wb", buffering=1 << 20) as out:
        for part in parts:
            out.write(part)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in {**PCAP, **PCAPNG} or not sys.argv[2].isdigit():
        sys.exit(__doc__)
    write(sys.argv[1], int(sys.argv[2]), sys.argv[3])
