"""A capture of refused calls: as many as wanted, in each of the ways in which an offer fails, by several trunks."""
import struct

TEAMS = "52.114.75.24"
KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^31\r\n"
GUID = "b1f3a8f2-0000-4000-8000-00000000%04x"
AGENTS = ["Example SBC 7.1", "Example SBC 7.2", "</script><img src=x onerror=alert(1)>\u202e<script>alert(1)</script>"]
KINDS = [
    ("RTP/AVP 8 0 101", "a=rtpmap:101 telephone-event/8000\r\n", "192.0.2.1",
     "InternalDiagCode: SrtpEncryptionRequired, InternalErrorPhrase: Remote participant did not offer required SRTP support"),
    ("RTP/SAVP 96 97", "a=rtpmap:96 AMR-WB/16000\r\na=rtpmap:97 AMR/8000\r\n" + KEY, "192.0.2.1",
     "InternalDiagCode: CannotSupportAnyMedia, InternalErrorPhrase: Invalid SDP offer: no media acceptable"),
    ("RTP/SAVP 8", "a=rtpmap:8 PCMA/8000\r\n" + KEY, "192.0.2.1",
     "There are no ICE candidates in the SDP. Non-ice endpoints cannot use bypass"),
    ("RTP/SAVP 8", "a=rtpmap:8 PCMA/8000\r\n" + KEY, "0.0.0.0",
     "Cannot negotiate a new modality with blackhole media"),
    ("RTP/SAVP 0", KEY, "192.0.2.1",
     "InternalDiagCode: SrtpEncryptionRequired, InternalErrorPhrase: Remote participant did not offer required SRTP support"),
]


def datagram(source, target, payload):
    udp = struct.pack(">HHHH", 5060, 5060, 8 + len(payload), 0) + payload
    ends = [bytes(map(int, end.split("."))) for end in (source, target)]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, *ends)
    return ip + udp


def messages(number):
    trunk, (media, lines, address, reason) = number % 7, KINDS[number % len(KINDS)]
    sbc = f"198.51.100.{10 + trunk}"
    head = (f"Via: SIP/2.0/UDP {sbc};branch=z9hG4bK{number}\r\nFrom: <sip:+4930{number:07}@sbc{trunk}.contoso.example>;tag=f{number}\r\n"
            f"To: <sip:+1202555{number % 10000:04}@sip.pstnhub.microsoft.com>%s\r\nCall-ID: {number:08x}-7d1e@{sbc}\r\nCSeq: 1 %s\r\n")
    sdp = (f"v=0\r\no=- {number} 1 IN IP4 {sbc}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {20000 + number % 20000} {media}\r\n{lines}").encode()
    ask = (f"INVITE sip:+1202555{number % 10000:04}@sip.pstnhub.microsoft.com SIP/2.0\r\n{head % ('', 'INVITE')}"
           f"Contact: <sip:sbc{trunk}.contoso.example:5061>\r\nUser-Agent: {AGENTS[number % len(AGENTS)]}\r\nContent-Type: application/sdp\r\n"
           f"Content-Length: {len(sdp)}\r\n\r\n").encode() + sdp
    tag = f";tag=t{number}"
    answer = lambda status, more="": (f"SIP/2.0 {status}\r\n{head % (tag, 'INVITE')}{more}Content-Length: 0\r\n\r\n").encode()
    ack = f"ACK sip:{TEAMS} SIP/2.0\r\n{head % (tag, 'ACK')}Content-Length: 0\r\n\r\n".encode()
    why = f'Reason: Q.850;cause=88;text="{GUID % (number % 65536)};{reason}"\r\nServer: Microsoft.PSTNHub.SIPProxy v.2026.3\r\n'
    return [
        (0, sbc, TEAMS, ask), (500_000, sbc, TEAMS, ask), (510_000, TEAMS, sbc, answer("100 Trying")),
        (700_000, TEAMS, sbc, answer("488 Not Acceptable Here", why)), (705_000, sbc, TEAMS, ack),
    ]


def write(path, calls):
    """Writes the capture; each call begins three seconds behind the one before."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
        for number in range(calls):
            for after, source, target, payload in messages(number):
                time = 1_772_442_000_000_000 + number * 3_000_000 + after
                packet = datagram(source, target, payload)
                file.write(struct.pack("<IIII", time // 1_000_000, time % 1_000_000, len(packet), len(packet)) + packet)
