#!/usr/bin/env python3
"""Makes the captures of this folder: the same refused call over TLS, as OpenSSL speaks it.

    python3 tests/decryption/make.py [NAME...]

Each NAME.pcap is written beside NAME.keylog, the key log of its connections. OpenSSL runs in this process, through
Python's ssl module; what it sends is put into Ethernet, IP and TCP headers here, so that nothing is captured from a
network. Keys and randoms are new each time: the captures differ between runs, and what is in them does not.
"""
import os
import random
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT, SERVER = ("192.0.2.10", 50000), ("52.114.75.24", 5061)
NO_EXTENDED_MASTER_SECRET, NO_ENCRYPT_THEN_MAC = 1 << 0, 1 << 19


def certificate(folder, kind):
    """A self-signed certificate with its key, in one PEM file."""
    path = os.path.join(folder, kind + ".pem")
    if not os.path.exists(path):
        new = ["-newkey", "rsa:2048"] if kind == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        subprocess.run(["openssl", "req", "-x509", *new, "-nodes", "-days", "3650", "-subj",
                        "/CN=sip.pstnhub.microsoft.com", "-keyout", path + ".key", "-out", path + ".crt"],
                       check=True, capture_output=True)
        with open(path, "w") as out:
            out.write(open(path + ".key").read() + open(path + ".crt").read())
    return path


def call(name):
    """The messages of a refused call: who sends each, and its bytes."""
    branch, call_id = "z9hG4bK" + name, name + "@sbc1.contoso.example"
    sdp = "\r\n".join([
        "v=0", "o=- 1 1 IN IP4 192.0.2.10", "s=-", "c=IN IP4 192.0.2.10", "t=0 0",
        "m=audio 20000 RTP/AVP 8 0 101", "a=rtpmap:101 telephone-event/8000", "a=sendrecv", ""])

    def message(start, cseq, more, body="", to_tag=""):
        head = [start, f"Via: SIP/2.0/TLS 192.0.2.10:5061;branch={branch}",
                "From: <sip:+4930123456@sbc1.contoso.example>;tag=a", f"To: <sip:+4989654321@sip.pstnhub.microsoft.com>{to_tag}",
                f"Call-ID: {call_id}", f"CSeq: 1 {cseq}", *more, f"Content-Length: {len(body)}", "", ""]
        return ("\r\n".join(head) + body).encode()

    uri = "sip:+4989654321@sip.pstnhub.microsoft.com:5061;transport=tls"
    contact = "Contact: <sip:sbc1.contoso.example:5061;transport=tls>"
    refused = ('Reason: Q.850;cause=65;text="3f2504e0-4f89-11d3-9a0c-0305e82c3301;'
               'Remote participant did not offer required SRTP support"')
    tag = ";tag=b"
    return [
        ("client", message(f"INVITE {uri} SIP/2.0", "INVITE", ["Max-Forwards: 70", contact, "Content-Type: application/sdp"], sdp)),
        ("server", message("SIP/2.0 100 Trying", "INVITE", [])),
        ("server", message("SIP/2.0 488 Not Acceptable Here", "INVITE", [refused, "Server: Microsoft.PSTNHub.SIPProxy v.2026.1"], to_tag=tag)),
        ("client", message(f"ACK {uri} SIP/2.0", "ACK", [], to_tag=tag)),
    ]


class Peers:
    """A TLS client and a TLS server that talk through memory; `flights` is what each sent, in order."""

    def __init__(self, folder, keylog, options):
        self.flights = []
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        version = options.get("version", ssl.TLSVersion.TLSv1_2)
        for context in (server, client):
            context.minimum_version = context.maximum_version = version
            if version != ssl.TLSVersion.TLSv1_3:
                context.set_ciphers(options.get("suite", "DEFAULT") + ":@SECLEVEL=0")
            context.options |= options.get("set", 0)
            context.options &= ~options.get("clear", 0)
        server.load_cert_chain(certificate(folder, options.get("certificate", "rsa")))
        if options.get("server_curve"):
            server.set_ecdh_curve(options["server_curve"])
        if options.get("no_tickets"):
            server.options |= ssl.OP_NO_TICKET
        if options.get("mutual"):
            client.load_cert_chain(certificate(folder, "ec"))
            server.verify_mode = ssl.CERT_OPTIONAL
            server.load_verify_locations(certificate(folder, "ec"))
        client.keylog_filename = keylog
        self.contexts = client, server
        # A session of which the end was not said is forgotten with its connection.
        self.earlier = []

    def connect(self, session=None):
        client, server = self.contexts
        self.earlier.append(getattr(self, "ends", None))
        self.memory = {side: (ssl.MemoryBIO(), ssl.MemoryBIO()) for side in ("client", "server")}
        self.ends = {
            "client": client.wrap_bio(*self.memory["client"], server_hostname="sip.pstnhub.microsoft.com", session=session),
            "server": server.wrap_bio(*self.memory["server"], server_side=True),
        }
        self.flights = []
        for _ in range(10):
            for side in ("client", "server"):
                try:
                    self.ends[side].do_handshake()
                except ssl.SSLWantReadError:
                    pass
                self.flush(side)
        return self

    def flush(self, side):
        other = "server" if side == "client" else "client"
        sent = self.memory[side][1].read()
        if sent:
            self.flights.append((side, sent))
            self.memory[other][0].write(sent)
            if self.ends[other].version():
                try:
                    self.ends[other].read(65536)
                except ssl.SSLWantReadError:
                    pass

    def send(self, side, parts):
        """Sends the parts as records of their own, in one flight."""
        for part in parts:
            self.ends[side].write(part)
        self.flush(side)


class Capture:
    """Packets of TCP connections, one second apart by connection and a millisecond by packet."""

    def __init__(self):
        self.packets, self.time = [], 1_700_000_000.0

    def packet(self, sender, receiver, sequence, acknowledged, flags, payload=b""):
        tcp = struct.pack("!HHIIBBHHH", sender[1], receiver[1], sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0) + payload
        address = lambda end: bytes(map(int, end[0].split(".")))
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), len(self.packets) + 1, 0x4000, 64, 6, 0) + address(sender) + address(receiver)
        self.time += 0.001
        self.packets.append((self.time, b"\x02" * 12 + b"\x08\x00" + ip + tcp))

    def connection(self, flights, port, size=1400, before=(), handshake=True):
        """The flights in segments of at most `size` bytes. `before` are what each side sends before TLS."""
        ends = {"client": (CLIENT[0], port), "server": SERVER}
        next_byte = {"client": 1000, "server": 900_000}
        other = {"client": "server", "server": "client"}
        send = lambda side, flags, payload=b"": self.packet(ends[side], ends[other[side]], next_byte[side], next_byte[other[side]], flags, payload)
        if handshake:
            send("client", 0x02)
            next_byte["client"] += 1
            send("server", 0x12)
            next_byte["server"] += 1
        for side, payload in [*before, *flights]:
            for start in range(0, len(payload), size):
                part = payload[start:start + size]
                send(side, 0x18, part)
                next_byte[side] += len(part)
            send(other[side], 0x10)
        for side in ("client", "server"):
            send(side, 0x11)
            next_byte[side] += 1
        self.time += 1

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for when, data in self.packets:
                out.write(struct.pack("<IIII", int(when), round(when % 1 * 1_000_000) % 1_000_000, len(data), len(data)) + data)


def talk(peers, name, cut=None, joined=False):
    messages = call(name)
    if joined:
        messages = [("client", messages[0][1]), ("server", messages[1][1] + messages[2][1]), messages[3]]
    for side, message in messages:
        peers.send(side, [message[start:start + cut] for start in range(0, len(message), cut)] if cut else [message])


TLS10, TLS11, TLS12, TLS13 = (getattr(ssl.TLSVersion, name) for name in ("TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"))
EVERY = {
    "tls12-ecdhe-rsa-aes128-gcm": {"suite": "ECDHE-RSA-AES128-GCM-SHA256"},
    "tls12-ecdhe-rsa-aes256-gcm": {"suite": "ECDHE-RSA-AES256-GCM-SHA384"},
    "tls12-ecdhe-ecdsa-aes128-gcm": {"suite": "ECDHE-ECDSA-AES128-GCM-SHA256", "certificate": "ec"},
    "tls12-rsa-aes256-gcm": {"suite": "AES256-GCM-SHA384"},
    "tls12-chacha20": {"suite": "ECDHE-RSA-CHACHA20-POLY1305"},
    "tls12-cbc-sha1": {"suite": "ECDHE-RSA-AES128-SHA"},
    "tls12-cbc-sha256": {"suite": "ECDHE-RSA-AES128-SHA256"},
    "tls12-cbc-sha384": {"suite": "ECDHE-RSA-AES256-SHA384"},
    "tls12-rsa-cbc-sha256": {"suite": "AES256-SHA256"},
    "tls12-cbc-mac-then-encrypt": {"suite": "ECDHE-RSA-AES256-SHA384", "set": NO_ENCRYPT_THEN_MAC},
    "tls12-without-extended-master-secret": {"suite": "ECDHE-RSA-AES128-GCM-SHA256", "set": NO_EXTENDED_MASTER_SECRET},
    "tls12-ccm": {"suite": "ECDHE-ECDSA-AES128-CCM", "certificate": "ec"},
    "tls12-mutual": {"suite": "ECDHE-RSA-AES256-GCM-SHA384", "mutual": True},
    "tls11-cbc-sha1": {"version": TLS11, "suite": "ECDHE-RSA-AES128-SHA"},
    "tls10-cbc-sha1": {"version": TLS10, "suite": "ECDHE-RSA-AES256-SHA"},
    "tls13": {"version": TLS13},
    "tls13-retry": {"version": TLS13, "server_curve": "secp384r1"},
    "tls13-mutual": {"version": TLS13, "mutual": True},
}
SUITES_13 = {"tls13-aes128-gcm": "TLS_AES_128_GCM_SHA256", "tls13-aes256-gcm": "TLS_AES_256_GCM_SHA384", "tls13-chacha20": "TLS_CHACHA20_POLY1305_SHA256"}


def shaped(folder, keylog, name):
    """Captures that differ in how the bytes come, and not in the cryptography."""
    version = TLS13 if "tls13" in name else TLS12
    peers = Peers(folder, keylog, {"version": version})
    capture = Capture()
    shape = name.split("-", 1)[1]
    peers.connect()
    talk(peers, name, cut=60 if shape == "small-records" else None, joined=shape == "joined")
    capture.connection(peers.flights, CLIENT[1], size=100 if shape in ("small-segments", "lost", "reordered") else 1400)
    data = [index for index, (_, packet) in enumerate(capture.packets) if len(packet) > 54]
    if shape == "lost":
        # One segment within the 100, whose record can't be opened; the 488 behind it can.
        server = [index for index in data if capture.packets[index][1][26:30] == bytes([52, 114, 75, 24])]
        refusal = [payload for side, payload in peers.flights if side == "server"][-1]
        del capture.packets[server[-2 - -(-len(refusal) // 100)]]
    elif shape == "reordered":
        chance = random.Random(488)
        times = [when for when, _ in capture.packets]
        packets = [packet for _, packet in capture.packets]
        for index in range(3, len(packets) - 3):
            other = index + chance.randrange(3)
            packets[index], packets[other] = packets[other], packets[index]
        capture.packets = list(zip(times, packets))
    elif shape == "retransmitted":
        again = [(when + 0.0004, packet) for when, packet in (capture.packets[index] for index in data)]
        capture.packets = sorted(capture.packets + again)
    elif shape == "begun-late":
        capture.packets = capture.packets[data[-6]:]
    elif shape == "hello-late":
        first, second = data[0], data[1]
        packets = [packet for _, packet in capture.packets]
        packets[first], packets[second] = packets[second], packets[first]
        capture.packets = [(when, packet) for (when, _), packet in zip(capture.packets, packets)]
    return capture


SHAPES = [f"{version}-{shape}" for version in ("tls12", "tls13")
          for shape in ("small-records", "joined", "small-segments", "reordered", "retransmitted", "lost", "begun-late", "hello-late")]


def resumed(folder, keylog, name):
    """Two connections, the second going on with the session of the first."""
    version = TLS13 if "tls13" in name else TLS12
    options = {"version": version, "no_tickets": name.endswith("by-id")}
    peers, capture = Peers(folder, keylog, options), Capture()
    peers.connect()
    talk(peers, name + "-first")
    session = peers.ends["client"].session
    capture.connection(peers.flights, CLIENT[1])
    peers.connect(session)
    assert peers.ends["client"].session_reused, name
    talk(peers, name + "-second")
    capture.connection(peers.flights, CLIENT[1] + 1)
    return capture


RESUMED = ["tls12-resumed-by-id", "tls12-resumed-by-ticket", "tls13-resumed"]

PREFACES = {
    "proxy-1": [("client", b"PROXY TCP4 192.0.2.99 52.114.75.24 40000 5061\r\n")],
    "proxy-2": [("client", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([192, 0, 2, 99, 52, 114, 75, 24]) + struct.pack("!HH", 40000, 5061))],
    "socks-5": [("client", b"\x05\x01\x00"), ("server", b"\x05\x00"), ("client", b"\x05\x01\x00\x03\x09sbc.local" + struct.pack("!H", 5061)),
                ("server", b"\x05\x00\x00\x01\0\0\0\0\0\0")],
    "socks-4": [("client", b"\x04\x01" + struct.pack("!H", 5061) + bytes([52, 114, 75, 24]) + b"sbc\0"), ("server", b"\0\x5a" + bytes(6))],
    "http-connect": [("client", b"CONNECT sip.pstnhub.microsoft.com:5061 HTTP/1.1\r\nHost: sip.pstnhub.microsoft.com\r\n\r\n"),
                     ("server", b"HTTP/1.1 200 Connection established\r\n\r\n")],
}


def prefaced(folder, keylog, name):
    capture = Capture()
    preface = PREFACES[name.split("-behind-")[1]]
    if name.startswith("tls13"):
        peers = Peers(folder, keylog, {"version": TLS13}).connect()
        talk(peers, name)
        capture.connection(peers.flights, CLIENT[1], before=preface)
    else:
        capture.connection(call(name), CLIENT[1], before=preface)
    return capture


PREFACED = [f"{carrier}-behind-{preface}" for carrier in ("tls13", "tcp") for preface in PREFACES]


def frames(side, message):
    """A message in two WebSocket frames with a ping between; a client masks."""
    def frame(first, payload):
        length = struct.pack("!B", len(payload)) if len(payload) < 126 else struct.pack("!BH", 126, len(payload))
        mask = b"\x12\x34\x56\x78" if side == "client" else b""
        length = bytes([length[0] | (0x80 if mask else 0)]) + length[1:]
        key = mask or bytes(4)
        return bytes([first]) + length + mask + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))
    half = len(message) // 2
    return frame(0x01, message[:half]) + frame(0x89, b"alive?") + frame(0x80, message[half:])


def websocket(folder, keylog, name):
    upgrade = [
        ("client", b"GET / HTTP/1.1\r\nHost: sip.pstnhub.microsoft.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
        ("server", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
    ]
    said = upgrade + [(side, frames(side, message)) for side, message in call(name)]
    capture = Capture()
    if name.startswith("tls13"):
        peers = Peers(folder, keylog, {"version": TLS13}).connect()
        for side, payload in said:
            peers.send(side, [payload])
        said = peers.flights
    capture.connection(said, CLIENT[1])
    return capture


WEBSOCKET = ["tls13-websocket", "tcp-websocket"]


class Relay:
    """Passes on what two programs say to each other, and keeps it."""

    def __init__(self, port, target):
        self.flights, self.lock = [], threading.Lock()
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, args=(listener, target), daemon=True).start()

    def accept(self, listener, target):
        with listener, listener.accept()[0] as client, socket.create_connection(("127.0.0.1", target)) as server:
            back = threading.Thread(target=self.copy, args=(server, client, "server"), daemon=True)
            back.start()
            self.copy(client, server, "client")
            back.join()

    def copy(self, source, sink, side):
        try:
            while some := source.recv(65536):
                with self.lock:
                    self.flights.append((side, some))
                sink.sendall(some)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def commanded(folder, keylog, name):
    """Connections of OpenSSL's own client and server, which take commands between messages."""
    options = COMMANDED[name]
    capture = Capture()
    port, target = 40061, 40062
    common = ["-tls1_2"] if name.startswith("tls12") else ["-tls1_3"]
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", str(target), "-cert", certificate(folder, "rsa"), *common, *options.get("server", [])],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    time.sleep(0.5)
    for number, more in enumerate(options["clients"]):
        more = [word.replace("SESSION", os.path.join(folder, "session")).replace("EARLY", os.path.join(folder, "early")) for word in more]
        with open(os.path.join(folder, "early"), "wb") as early:
            early.write(b"OPTIONS sip:early SIP/2.0\r\nContent-Length: 0\r\n\r\n")
        relay = Relay(port, target)
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "sip.pstnhub.microsoft.com", "-keylogfile", keylog, *common, *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        time.sleep(0.7)
        for index, (side, message) in enumerate(call(f"{name}-{number}")):
            for command in options.get("before", {}).get(index, []):
                (client if command[0] == "client" else server).stdin.write(command[1])
                (client if command[0] == "client" else server).stdin.flush()
                time.sleep(0.4)
            # A letter at the beginning would be a command.
            peer = client if side == "client" else server
            peer.stdin.write(b"\r\n" + message)
            peer.stdin.flush()
            time.sleep(0.4)
        client.stdin.close()
        client.wait()
        time.sleep(0.4)
        capture.connection(relay.flights, CLIENT[1] + number)
        port += 2
    server.kill()
    return capture


KEY_UPDATES = {1: [("client", b"K\n")], 2: [("server", b"K\n"), ("client", b"k\n")], 3: [("client", b"k\n")]}
COMMANDED = {
    "tls13-key-update": {"clients": [[]], "before": KEY_UPDATES},
    "tls13-early-data": {"clients": [["-sess_out", "SESSION"], ["-sess_in", "SESSION", "-early_data", "EARLY"]], "server": ["-early_data"]},
    "tls13-padding": {"clients": [["-record_padding", "300"]], "server": ["-record_padding", "300"]},
    "tls12-renegotiation": {"clients": [[]], "server": ["-client_renegotiation"], "before": {1: [("client", b"R\n")]}},
}


def make(folder, name):
    keylog = os.path.join(HERE, name + ".keylog")
    if os.path.exists(keylog):
        os.remove(keylog)
    if name in EVERY:
        peers, capture = Peers(folder, keylog, EVERY[name]).connect(), Capture()
        talk(peers, name)
        capture.connection(peers.flights, CLIENT[1])
    else:
        maker = next(maker for names, maker in ((SHAPES, shaped), (RESUMED, resumed), (PREFACED, prefaced), (WEBSOCKET, websocket), (COMMANDED, commanded)) if name in names)
        capture = maker(folder, keylog, name)
    capture.write(os.path.join(HERE, name + ".pcap"))
    print(name, len(capture.packets), "packets")


def main():
    names = sys.argv[1:] or [*EVERY, *SHAPES, *RESUMED, *PREFACED, *WEBSOCKET, *COMMANDED]
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            try:
                make(folder, name)
            except (ssl.SSLError, AttributeError, AssertionError) as error:
                print(name, "not made:", error, file=sys.stderr)


if __name__ == "__main__":
    main()
