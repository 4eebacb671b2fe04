#!/usr/bin/env python3
"""Makes captures that are built to exhaust a bound each. The same arguments always give the same bytes.

    benches/hostile.py KIND N FILE

    trunks          N calls, each from another SBC of another name
    big-calls       N open calls, each with an INVITE of 60 KB that can't be compressed
    held            N TCP connections, each with a hole and 1 MB behind it, by turns
    wrapped         N connections that each begin a WebSocket message of 1 MB and don't end it, by turns
    tls             N TLS connections to as many servers, without keys
    methods         N requests of as many methods
    candidates      N offers of 60 KB of candidates
    streams         N offers of 60 KB of m= sections
    keys            N offers of 60 KB of crypto attributes
    headers         N INVITEs of 60 KB of headers
    multipart       N INVITEs with bodies in bodies, 400 deep
    nesting         N packets of 40 IP headers, each in the other
    labels          N packets of 300 MPLS labels
    sctp            N SCTP associations, each with the first fragment of a message
    inflated        N HEP packets whose payload inflates to a thousand times its length
    bomb-gzip, bomb-bzip2, bomb-xz, bomb-zstd
                    a compressed capture of N MiB of empty records (zstd where Python or zstd can)
    archive         a compressed archive of N captures
"""
import bz2
import io
import gzip
import itertools
import lzma
import random
import struct
import subprocess
import sys
import tarfile
import zlib

import traffic
from traffic import CRLF, MORNING, TEAMS, ethernet, host_of, ip, tcp, udp

LARGE = 60_000


def invite(number, body="", more="", kind="application/sdp", host=None):
    host = host or f"sbc{number}.example.com"
    head = [f"INVITE sip:+49{number}@sip.pstnhub.microsoft.com:5061 SIP/2.0", f"Via: SIP/2.0/UDP {host};branch=z9hG4bK{number}",
            f"From: <sip:+1{number}@{host}>;tag={number}", "To: <sip:a@sip.pstnhub.microsoft.com>", f"Call-ID: {number}@{host}",
            "CSeq: 1 INVITE", f"Contact: <sip:{host}:5061>"]
    head += [f"Content-Type: {kind}"] if body else []
    return (CRLF.join(head) + CRLF + more + f"Content-Length: {len(body)}" + CRLF + CRLF + body).encode()


def refused(text, reason="488 Not Acceptable Here"):
    """The answer to a request."""
    fields = [line for line in text.decode().split(CRLF) if line.startswith(("Via", "From", "To", "Call-ID", "CSeq"))]
    return (f"SIP/2.0 {reason}" + CRLF + CRLF.join(fields) + CRLF + "Content-Length: 0" + CRLF + CRLF).encode()


def dialogue(texts):
    """Each request and its refusal."""
    for number, text in enumerate(texts):
        ends = (host_of(number), 5060), TEAMS
        yield MORNING + number * 2000, udp(*ends, text)
        yield MORNING + number * 2000 + 1000, udp(*reversed(ends), refused(text))


def trunks(count):
    return dialogue(map(invite, range(count)))


def big_calls(count):
    noise = random.Random(488)
    for number in range(count):
        text = invite(number, "v=0\r\n" + noise.randbytes(LARGE // 2).hex())
        yield MORNING + number, udp((host_of(number), 5060), TEAMS, text)


def by_turns(streams):
    """Packets of many connections, one of each after the other."""
    for number, frame in enumerate(frame for turn in zip(*streams) for frame in turn):
        yield MORNING + number, frame


def behind_a_hole(number):
    ends = (host_of(number), 20000), (TEAMS[0], 5060)
    yield tcp(*ends, 1000, b"INVITE sip:a@b SIP/2.0\r\n")
    for place in range(740):
        yield tcp(*ends, 2000 + place * 1400, bytes(1400))


def unended(number):
    ends = (host_of(number), 20000), (TEAMS[0], 443)
    upgrade = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
    begun = upgrade + struct.pack(">BBQ", 0x81, 127, 1 << 20)
    yield tcp(*ends, 1000, begun)
    for place in range(740):
        yield tcp(*ends, 1000 + len(begun) + place * 1400, b"INVITE sip:a@b SIP/2.0\r\n".ljust(1400, b"x"))


def held(count):
    return by_turns(map(behind_a_hole, range(count)))


def wrapped(count):
    return by_turns(map(unended, range(count)))


def client_hello(name, number):
    server = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
    extensions = struct.pack(">HH", 0, len(server)) + server
    body = b"\3\3" + struct.pack(">I", number) * 8 + b"\0\0\2\x13\1\1\0" + struct.pack(">H", len(extensions)) + extensions
    message = b"\1" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\3\1" + struct.pack(">H", len(message)) + message


def tls(count):
    for number in range(count):
        ends = (host_of(number), 20000), (host_of(number ^ 0xFFFF), 5061)
        hello = client_hello(f"sbc{number}.example.com".encode(), number)
        sent = [(1000, b"", 2), (1001, hello, 0x18), (1001 + len(hello), b"\x17\3\3\0\x40" + bytes(64), 0x18)]
        for place, (sequence, payload, flags) in enumerate(sent):
            yield MORNING + number * 10 + place, tcp(*ends, sequence, payload, flags)


def methods(count):
    return dialogue(invite(number).replace(b"INVITE", b"METHOD%d" % number) for number in range(count))


def offer(line):
    head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 9 RTP/SAVP 0\r\n"
    return head + "".join(itertools.islice(map(line, itertools.count()), LARGE // len(line(1000))))


def offers(line):
    return lambda count: dialogue(invite(number, offer(line)) for number in range(count))


def headers(count):
    more = "".join(f"X-{number}: {number}{CRLF}" for number in range(LARGE // 16))
    return dialogue(invite(number, more=more) for number in range(count))


def multipart(count):
    body = "v=0\r\n"
    for depth in range(400):
        body = f"--b{depth}\r\nContent-Type: multipart/mixed;boundary=b{depth - 1}\r\n\r\n{body}\r\n--b{depth}--\r\n"
    return dialogue(invite(number, body, kind="multipart/mixed;boundary=b399") for number in range(count))


def nesting(count):
    packet = ip((192, 0, 2, 1), TEAMS[0], 17, struct.pack(">HHHH", 5060, 5060, 8, 0))
    for _ in range(40):
        packet = ip((192, 0, 2, 1), TEAMS[0], 4, packet)
    return ((MORNING + number, ethernet(packet)) for number in range(count))


def labels(count):
    frame = ethernet(b"")[:12] + b"\x88\x47" + struct.pack(">I", 0x00010040) * 300
    return ((MORNING + number, frame) for number in range(count))


def sctp(count):
    for number in range(count):
        chunk = struct.pack(">BBHIHHI", 0, 2, 16 + 1000, number, 0, 0, 0) + bytes(1000)
        packet = struct.pack(">HHII", 5060, 5060, number, 0) + chunk
        yield MORNING + number, ethernet(ip(host_of(number), TEAMS[0], 132, packet))


def inflated(count):
    def chunk(kind, value):
        return struct.pack(">HHH", 0, kind, 6 + len(value)) + value
    payload = zlib.compress(b"INVITE sip:a@b SIP/2.0\r\n" + bytes(1_000_000))
    chunks = [(1, b"\2"), (2, b"\x11"), (3, bytes((192, 0, 2, 1))), (4, bytes(TEAMS[0])), (7, b"\x13\xc4"), (8, b"\x13\xc4"),
              (9, bytes(4)), (10, bytes(4)), (11, b"\1"), (16, payload)]
    body = b"".join(chunk(kind, value) for kind, value in chunks)
    packet = b"HEP3" + struct.pack(">H", 6 + len(body)) + body
    return ((MORNING + number, udp(((192, 0, 2, 9), 9060), ((192, 0, 2, 8), 9060), packet)) for number in range(count))


PCAP = {"trunks": trunks, "big-calls": big_calls, "held": held, "wrapped": wrapped, "tls": tls, "methods": methods,
        "candidates": offers(lambda at: f"a=candidate:{at} 1 UDP {at} 192.0.2.1 {at} typ host\r\n"),
        "streams": offers(lambda at: f"m=audio {at} RTP/AVP 0\r\n"),
        "keys": offers(lambda at: f"a=crypto:{at} AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n"),
        "headers": headers, "multipart": multipart, "nesting": nesting, "labels": labels, "sctp": sctp, "inflated": inflated}


def bomb(path, mebibytes, opened):
    head, records = b"".join(traffic.pcap([])), bytes(1 << 20)
    with opened(path) as out:
        out.write(head)
        for _ in range(mebibytes):
            out.write(records)


def bomb_zstd(path, mebibytes):
    with open(path, "wb") as out:
        packer = subprocess.Popen(["zstd", "-q", "-19"], stdin=subprocess.PIPE, stdout=out)
        bomb(None, mebibytes, lambda _: packer.stdin)
        packer.wait()


def archive(path, count):
    capture = b"".join(traffic.pcap(traffic.sip(1)))
    with tarfile.open(path, "w:gz", compresslevel=1) as out:
        for number in range(count):
            member = tarfile.TarInfo(f"{number}.pcap")
            member.size = len(capture)
            out.addfile(member, io.BytesIO(capture))


FILES = {"bomb-gzip": lambda path, count: bomb(path, count, lambda path: gzip.open(path, "wb", 9)),
         "bomb-bzip2": lambda path, count: bomb(path, count, lambda path: bz2.open(path, "wb")),
         "bomb-xz": lambda path, count: bomb(path, count, lambda path: lzma.open(path, "wb", preset=1)),
         "bomb-zstd": bomb_zstd, "archive": archive}


def write(kind, count, path):
    if kind in FILES:
        return FILES[kind](path, count)
    with open(path, "wb", buffering=1 << 20) as out:
        for part in traffic.pcap(PCAP[kind](count)):
            out.write(part)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in {**PCAP, **FILES} or not sys.argv[2].isdigit():
        sys.exit(__doc__)
    write(sys.argv[1], int(sys.argv[2]), sys.argv[3])
