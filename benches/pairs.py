#!/usr/bin/env python3
"""Makes a night of one SBC between two carriers and Teams: a capture of each side, and which call legs are one call.

    benches/pairs.py [OPTION...] FOLDER      writes carrier-side.pcap, teams-side.pcap and truth.csv into FOLDER

    --calls N                how many calls (100000)
    --offset SECONDS         how far the clock of the Teams side is ahead, 0 to 5 (0)
    --one-side PERCENT       calls of which one side alone was captured (10)
    --same-numbers PERCENT   calls that have both numbers in common with another one begun within 2 s (5)
    --grounds KIND           what the legs of a call have in common, besides numbers and times (mixed):
                             strong: one to three of the grounds below; mixed: each of them in every fifth call;
                             weak: none, and the carriers write numbers as +49…, 0049…, 0… or 49…
    --seed N                 another night (1)

The same arguments always give the same bytes. The SBC is a back-to-back user agent: each leg has its own Call-ID, tags,
hosts and SDP. Calls go both ways; they are answered, refused, cancelled, challenged and tried again, begun anew in the
next data centre or by the other carrier (with a new Call-ID), or answered by one of several forks; a 488 is passed on,
turned into a 503, or the SBC's own.

Grounds: Session-ID (RFC 7989), `x-c` of Microsoft's Contact passed on to the carrier, Cisco-Guid, P-Charging-Vector,
X-CID, a Call-ID made from the other, the same o= line, the same media address and port (the SBC does not anchor the
media), User-to-User (RFC 7433), and an X-MS-SBC with a token of the call.

What only looks like a ground: every Teams leg has an X-MS-SBC that names the product and an `x-c` with its own Call-ID;
Carrier B and the SBC write `o=- 1 1` in all of their calls; the media ports come round again after an hour; Call-IDs
end alike. Two calls with the same numbers, less than half a second apart, of which one has the carrier's side alone and
the other Teams', are not made: no packet could tell them from one call.

truth.csv has a row per captured call leg: side (carrier or teams), call_id, related_call_ids (the other captured legs of
its call, joined by `;`), strength (strong or weak: of what it has in common with the other side), relayed (yes where its
488 only passes the other side's on), carrier, outcome, final_status, same_numbers (yes or no).
"""
import argparse
import csv
import heapq
import os
import random
import struct
import sys

sys.dont_write_bytecode = True
from traffic import CRLF, MORNING, udp  # noqa: E402

MS = 1000  # Times are in microseconds.
SECOND = 1_000_000
NIGHT = MORNING + 20 * 3600 * SECOND
GAP = 0.288 * SECOND  # 100,000 calls in eight hours.
WITHIN = 2 * SECOND
TELLABLE = SECOND // 2

GROUNDS = ["session-id", "x-c", "cisco-guid", "icid", "x-cid", "call-id", "origin", "media", "user-to-user", "x-ms-sbc"]
OUTCOMES = {"answered": 600, "fork": 40, "challenge": 40, "failover": 40, "busy": 70, "not-found": 30, "forbidden": 10,
            "unavailable": 40, "overload": 20, "cancelled": 80, "unanswered": 20, "refused": 30, "refused-as-503": 5,
            "sbc-refuses": 5, "sbc-refuses-answer": 5}
REFUSALS = {"busy": (486, "Busy Here", 17), "not-found": (404, "Not Found", 1), "forbidden": (403, "Forbidden", 21),
            "unavailable": (480, "Temporarily Unavailable", 19), "overload": (503, "Service Unavailable", 34)}
PHRASES = {
    "codec": "InternalDiagCode: CannotSupportAnyMedia, InternalErrorPhrase: Invalid SDP offer: no media acceptable",
    "srtp": "InternalDiagCode: SrtpEncryptionRequired, InternalErrorPhrase: Remote participant did not offer required SRTP support",
    "ice": "There are no ICE candidates in the SDP. Non-ice endpoints cannot use bypass",
    "blackhole": "Cannot negotiate a new modality with blackhole media",
}
PRODUCT = "AudioCodes/Mediant VE/7.40A.500.781"


class End:
    """Who sends and receives on one side of a leg."""

    def __init__(self, host, port, name=None, writing="+", carrier=None):
        self.host, self.port, self.writing, self.carrier = host, port, writing, carrier
        self.address = ".".join(str(part) for part in host)
        self.name = name or self.address
        self.is_teams = name is not None and name.endswith("pstnhub.microsoft.com")
        self.is_sbc = host == (192, 0, 2, 10)
        if self.is_teams:
            self.product = "Microsoft.PSTNHub.SIPProxy v.2026.1.8.5 i.EUNO.7"
        else:
            self.product = "Mediant VE SBC/v.7.40A.500.781" if self.is_sbc else "Example-Softswitch/8.4.2"


INSIDE = End((192, 0, 2, 10), 5060)
OUTSIDE = End((192, 0, 2, 10), 5061, "sbc.contoso.example")
CARRIERS = [End((198, 51, 100, 20), 5060, writing="+", carrier="Carrier A"),
            End((198, 51, 100, 21), 5060, writing="00", carrier="Carrier A"),
            End((203, 0, 113, 40), 5060, writing="0", carrier="Carrier B"),
            End((203, 0, 113, 41), 5060, writing="", carrier="Carrier B")]
TEAMS = [End((52, 114, 75, 24), 5061, "sip.pstnhub.microsoft.com"), End((52, 114, 76, 76), 5061, "sip2.pstnhub.microsoft.com"),
         End((52, 114, 7, 24), 5061, "sip3.pstnhub.microsoft.com")]
SBC_PORTS, CARRIER_PORTS, TEAMS_PORTS = range(6000, 50000, 2), range(16384, 32768, 2), range(49152, 53248, 2)
CARRIER_MEDIA = [f"198.51.100.{last}" for last in (60, 61, 62, 63)]
TEAMS_MEDIA = [f"52.113.{part}.14" for part in (8, 9, 40, 41, 72, 73, 104, 105)]


def written(number, writing):
    """A number in E.164 as an end writes it; the site is in Germany."""
    digits = number[1:]
    if writing == "0":
        return "0" + digits[2:] if digits.startswith("49") else "00" + digits
    return writing + digits


class Leg:
    """One side of a call: what its messages have in common, and what became of it."""

    def __init__(self, call, caller, callee, call_id):
        chance = call.chance
        self.call, self.caller, self.callee, self.call_id = call, caller, callee, call_id
        self.side = "teams" if caller.is_teams or callee.is_teams else "carrier"
        self.far = callee if caller.is_sbc else caller
        self.steps = []
        self.outcome, self.final_status, self.relayed, self.shows_x_c = "unanswered", "", False, False
        writing = "+" if self.side == "teams" else self.far.writing
        self.numbers = [written(number, writing) for number in call.numbers]
        self.tags = [f"1c{chance.getrandbits(40):010x}", f"{chance.getrandbits(48):012x}"]
        self.branch, self.cseq = "", 0  # Of the last request, and of its CSeq.
        self.guid = guid(chance) if self.side == "teams" else ""
        self.x_c = f"{call_id}/d/8/{chance.getrandbits(128):032x}" if self.side == "teams" else ""
        self.uri = f"sip:{self.numbers[1]}@{callee.name}:{callee.port};user=phone"
        self.transport = "TLS" if self.side == "teams" else "UDP"

    def contact(self, sender):
        number = self.numbers[0 if sender is self.caller else 1]
        if sender.is_teams:
            return f"<sip:api-du-a-euno.pstnhub.microsoft.com:443;x-i={self.guid};x-c={self.x_c}>"
        passed = ""
        if self.side == "carrier" and sender.is_sbc and "x-c" in self.call.grounds and self.call.teams_leg:
            passed = f";x-i={self.call.teams_leg.guid};x-c={self.call.teams_leg.x_c}"
            self.shows_x_c = self.call.teams_leg.shows_x_c = True
        return f"<sip:{number}@{sender.name}:{sender.port}{';transport=tls' if self.side == 'teams' else ''}{passed}>"

    def send(self, time, by_caller, start, cseq, from_caller=True, to_tag=None, more=(), body=""):
        sender, receiver = (self.caller, self.callee) if by_caller else (self.callee, self.caller)
        ends = [f"<sip:{number}@{end.name};user=phone>" for number, end in zip(self.numbers, (self.caller, self.callee))]
        if from_caller:
            origin, target = f"{ends[0]};tag={self.tags[0]}", ends[1] + (f";tag={to_tag}" if to_tag else "")
        else:
            origin, target = f"{ends[1]};tag={self.tags[1]}", f"{ends[0]};tag={self.tags[0]}"
        by = self.caller if from_caller else self.callee
        via = f"SIP/2.0/{self.transport} {by.address}:{by.port};branch=z9hG4bK{self.branch}"
        if body:
            more = [*more, ("Content-Type", "application/sdp")]
        if sender.is_teams:
            rest = "".join(f"{name.upper()}: {value}{CRLF}" for name, value in more)
            text = (f"{start}\r\nFROM: {origin}\r\nTO: {target}\r\nCSEQ: {cseq}\r\nCALL-ID: {self.call_id}\r\nVIA: {via}\r\n"
                    f"{rest}CONTENT-LENGTH: {len(body)}\r\n\r\n{body}")
        else:
            rest = "".join(f"{name}: {value}{CRLF}" for name, value in more)
            text = (f"{start}\r\nVia: {via}\r\nFrom: {origin}\r\nTo: {target}\r\nCall-ID: {self.call_id}\r\nCSeq: {cseq}\r\n"
                    f"{rest}Content-Length: {len(body)}\r\n\r\n{body}")
        frame = udp((sender.host, sender.port), (receiver.host, receiver.port), text.encode())
        self.steps.append((time, self.side, frame))

    def request(self, time, method, by_caller=True, to_tag=None, more=(), body=""):
        if method not in ("ACK", "CANCEL"):
            self.cseq += 1
        # The ACK of a 2xx is a transaction of its own (RFC 3261 section 17).
        if method not in ("ACK", "CANCEL") or (method == "ACK" and self.outcome == "answered"):
            self.branch = f"{self.call.chance.getrandbits(56):014x}"
        sender = self.caller if by_caller else self.callee
        uri = self.uri if by_caller else f"sip:{self.numbers[0]}@{self.caller.name}:{self.caller.port};user=phone"
        headers = [("Max-Forwards", "70"), ("User-Agent", sender.product)]
        if method == "INVITE":
            headers.append(("Contact", self.contact(sender)))
            headers += self.call.headers(self)
        self.send(time, by_caller, f"{method} {uri} SIP/2.0", f"{self.cseq} {method}", by_caller, to_tag,
                  [*headers, *more], body)

    def respond(self, time, status, phrase, method="INVITE", tag=None, more=(), body="", by_caller=False):
        """The response of the called side, or to a request of it."""
        sender = self.caller if by_caller else self.callee
        headers = [("Server", sender.product)]
        if status != 100 and method == "INVITE" and (sender.is_teams or status < 300):
            headers.append(("Contact", self.contact(sender)))
        if status != 100 and "session-id" in self.call.grounds:
            here, there = self.call.sessions
            headers.append(("Session-ID", f"{there};remote={here}"))
        to_tag = None if status == 100 else tag or self.tags[1]
        self.send(time, by_caller, f"SIP/2.0 {status} {phrase}", f"{self.cseq} {method}", not by_caller, to_tag,
                  [*headers, *more], body)
        if method == "INVITE" and status >= 200:
            self.final_status = status
            self.outcome = "answered" if status < 300 else "cancelled" if status == 487 else "rejected"

    def refuse(self, time, status, phrase, more=()):
        self.respond(time, status, phrase, more=more)
        self.request(time + 8 * MS, "ACK", to_tag=self.tags[1])


def guid(chance):
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"


class Call:
    """One call: its legs on both sides, and their messages."""

    def __init__(self, night, start, twin=None):
        self.night, self.chance, self.start = night, night.chance, start
        chance = self.chance
        self.is_to_teams = twin.is_to_teams if twin else chance.random() < 0.6
        self.numbers = twin.numbers if twin else night.numbers(self.is_to_teams)
        self.carrier = twin.carrier if twin else chance.choice(CARRIERS)
        self.center = chance.randrange(len(TEAMS))
        self.outcome = chance.choices(night.outcomes, night.weights)[0]
        self.case = chance.choice(list(PHRASES))
        self.grounds = night.choose_grounds(self)
        self.legs, self.teams_leg = [], None
        self.sessions = [f"{chance.getrandbits(128):032x}", f"{chance.getrandbits(128):032x}"]
        self.token = f"{chance.getrandbits(64):016x}"
        self.media, self.origins = {}, {}

    def headers(self, leg):
        """What the INVITE of a leg has of the call's grounds."""
        headers, grounds = [], self.grounds
        if "session-id" in grounds:
            headers.append(("Session-ID", f"{self.sessions[0]};remote={'0' * 32}"))
        if "cisco-guid" in grounds:
            parts = [int(self.token[place:place + 4] * 2, 16) for place in (0, 4, 8, 12)]
            headers.append(("Cisco-Guid", "-".join(f"{part:010}" for part in parts)))
        if "icid" in grounds:
            value = f"icid-{self.token}"
            headers.append(("P-Charging-Vector", f'icid-value="{value}";icid-generated-at=192.0.2.10;orig-ioi=carrier.example'
                            if leg.side == "carrier" else f"icid-value={value};icid-generated-at=192.0.2.10"))
        if "user-to-user" in grounds:
            headers.append(("User-to-User", f"00{self.token};encoding=hex"))
        if "x-cid" in grounds and leg is not self.legs[0]:
            headers.append(("X-CID", self.legs[0].call_id))
        if "x-ms-sbc" in grounds:
            headers.append(("X-MS-SBC", f"{PRODUCT};call={self.token}"))
        elif leg.side == "teams" and leg.caller.is_sbc:
            headers.append(("X-MS-SBC", PRODUCT))
        return headers

    def body(self, leg, by_caller, problem=None):
        """The SDP of a leg's end: an offer of the calling one, an answer of the called one."""
        end = leg.caller if by_caller else leg.callee
        # The far end's own, which the SBC hands on where it is a ground.
        address, port = self.medium((not by_caller, "media" not in self.grounds and (end.is_sbc, leg.side)), end)
        name, session, version = self.origin((not by_caller, "origin" not in self.grounds and (end.is_sbc, leg.side)), end)
        if problem == "blackhole":
            address = "0.0.0.0"
        lines = ["v=0", f"o={name} {session} {version} IN IP4 {'127.0.0.1' if end.is_teams else end.address}", "s=-",
                 f"c=IN IP4 {address}", "t=0 0"]
        is_secure = leg.side == "teams" and problem != "srtp"
        profile = "RTP/SAVP" if is_secure else "RTP/AVP"
        if problem == "codec":
            lines += [f"m=audio {port} {profile} 96 101", "a=rtpmap:96 AMR-WB/16000"]
        elif end.is_teams:
            lines += [f"m=audio {port} {profile} 104 0 8 101", "a=rtpmap:104 SILK/16000", "a=rtpmap:0 PCMU/8000",
                      "a=rtpmap:8 PCMA/8000"]
        else:
            lines += [f"m=audio {port} {profile} 8 0 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000"]
        lines += ["a=rtpmap:101 telephone-event/8000", "a=ptime:20"]
        if leg.side == "teams" and problem != "ice":
            lines += ["a=ice-ufrag:f9vK", "a=ice-pwd:Zp1sVGcQ3mT7yRk0aLwXbn",
                      f"a=candidate:1 1 UDP 2130706431 {address} {port} typ host"]
        if is_secure:
            lines.append("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw|2^31")
        return CRLF.join(lines) + CRLF

    def medium(self, key, end):
        if key not in self.media:
            pool = "sbc" if end.is_sbc else "teams" if end.is_teams else "carrier"
            self.media[key] = next(self.night.ports[pool])
        return self.media[key]

    def origin(self, key, end):
        if key not in self.origins:
            chance = self.chance
            if self.carrier.carrier == "Carrier B" and "origin" not in self.grounds and not end.is_teams:
                self.origins[key] = ("-", 1, 1)
            elif end.is_teams:
                self.origins[key] = ("-", chance.randrange(100_000), 0)
            elif end.is_sbc:
                session = chance.randrange(10**9, 2 * 10**9)
                self.origins[key] = ("AudioCodesGW", session, session - 1)
            else:
                self.origins[key] = ("CiscoSystemsSIP-GW-UserAgent", chance.randrange(10**4), chance.randrange(10**4))
        return self.origins[key]

    def first_leg(self):
        if self.is_to_teams:
            leg = Leg(self, self.carrier, INSIDE, f"{self.chance.getrandbits(96):024x}@{self.carrier.address}")
        else:
            leg = self.teams_leg = Leg(self, TEAMS[self.center], OUTSIDE, f"{self.chance.getrandbits(128):032x}")
        self.legs.append(leg)
        return leg

    def next_leg(self):
        """A leg from the SBC on: to Teams, or to the carrier; after a failed one to the next data centre or carrier."""
        attempt = len(self.legs)
        call_id = f"{self.chance.randrange(10**12, 10**13)}@{INSIDE.address}"
        if "call-id" in self.grounds:
            first = self.legs[0].call_id
            call_id = [f"{first}-{attempt}", f"{attempt}-{first}", f"{first.split('@')[0]}_b2b-{attempt}@{INSIDE.address}"][self.center]
        if self.is_to_teams:
            leg = self.teams_leg = Leg(self, OUTSIDE, TEAMS[(self.center + attempt - 1) % len(TEAMS)], call_id)
        else:
            if attempt > 1:
                self.carrier = CARRIERS[(CARRIERS.index(self.carrier) + 2) % len(CARRIERS)]
            leg = Leg(self, INSIDE, self.carrier, call_id)
        self.legs.append(leg)
        return leg

    def hop(self):
        """What the SBC takes to pass a message on."""
        return self.chance.randrange(1 * MS, 9 * MS)

    def delay(self):
        """What the SBC takes to route a call: now and then a directory is asked."""
        slow = self.chance.random() < 0.02
        return self.chance.randrange(100 * MS, 400 * MS) if slow else self.chance.randrange(3 * MS, 40 * MS)

    def play(self):
        time, first, outcome = self.start, self.first_leg(), self.outcome
        problem = self.case if self.is_to_teams and outcome.startswith("refused") else None
        held = problem if problem == "blackhole" else None
        first.request(time, "INVITE", body=self.body(first, True, held))
        if outcome == "challenge" and self.is_to_teams:
            realm = ("WWW-Authenticate", f'Digest realm="contoso.example", nonce="{self.token}", algorithm=MD5')
            first.refuse(time + 4 * MS, 401, "Unauthorized", [realm])
            time += 40 * MS
            first.request(time, "INVITE", body=self.body(first, True), more=[("Authorization", self.credentials("contoso.example"))])
        first.respond(time + 2 * MS, 100, "Trying")
        if outcome == "sbc-refuses":
            first.refuse(time + 20 * MS, 488, "Not Acceptable Here", [("Reason", 'Q.850;cause=88;text="INCOMPATIBLE_DESTINATION"')])
            return
        time += self.delay()
        second = self.next_leg()
        time = self.begin(second, time, problem)
        if outcome == "failover":
            if self.chance.random() < 0.8:
                second.refuse(time + 30 * MS, 503, "Service Unavailable", [("Retry-After", "1")])
                time += 60 * MS
            else:
                time += 4 * SECOND
            second = self.next_leg()
            time = self.begin(second, time, None)
        self.finish(first, second, time)

    def begin(self, leg, time, problem):
        leg.request(time, "INVITE", body=self.body(leg, True, problem))
        if self.outcome == "challenge" and leg.side == "carrier":
            realm = ("Proxy-Authenticate", f'Digest realm="carrier.example", nonce="{self.token}", algorithm=MD5')
            leg.refuse(time + 30 * MS, 407, "Proxy Authentication Required", [realm])
            time += 60 * MS
            leg.request(time, "INVITE", body=self.body(leg, True), more=[("Proxy-Authorization", self.credentials("carrier.example"))])
        time += self.chance.randrange(10 * MS, 40 * MS)
        if not (self.outcome == "failover" and len(self.legs) == 2):
            leg.respond(time, 100, "Trying")
        return time

    def credentials(self, realm):
        return f'Digest username="contoso", realm="{realm}", nonce="{self.token}", uri="sip:{realm}", response="{self.token * 2}"'

    def finish(self, first, second, time):
        chance, outcome = self.chance, self.outcome
        if outcome.startswith("refused"):
            self.refuse(first, second, time + chance.randrange(40 * MS, 300 * MS))
            return
        if outcome in REFUSALS and outcome != "busy":
            time += chance.randrange(100 * MS, 2 * SECOND)
        else:
            time = self.ring(first, second, time + chance.randrange(200 * MS, 2 * SECOND))
        if outcome == "unanswered":
            return
        if outcome in REFUSALS:
            status, phrase, cause = REFUSALS[outcome]
            reason = [("Reason", f"Q.850;cause={cause}")]
            second.refuse(time, status, phrase, reason)
            first.refuse(time + self.hop(), status, phrase, reason)
        elif outcome == "cancelled":
            time += chance.randrange(2 * SECOND, 30 * SECOND)
            for leg in (first, second):
                leg.request(time, "CANCEL")
                leg.respond(time + 4 * MS, 200, "OK", "CANCEL")
                leg.refuse(time + 9 * MS, 487, "Request Terminated")
                time += self.hop()
        else:
            self.talk(first, second, time + chance.randrange(1 * SECOND, 15 * SECOND))

    def ring(self, first, second, time):
        second.respond(time, 180, "Ringing")
        first.respond(time + self.hop(), 180, "Ringing")
        if self.outcome == "fork":
            for _ in range(self.chance.randrange(1, 4)):
                time += self.chance.randrange(50 * MS, 500 * MS)
                tag = f"f{self.chance.getrandbits(44):011x}"
                second.respond(time, 183, "Session Progress", tag=tag, body=self.body(second, False))
            second.tags[1] = tag
        return time

    def talk(self, first, second, time):
        chance = self.chance
        second.respond(time, 200, "OK", body=self.body(second, False))
        time += self.hop()
        if self.outcome == "sbc-refuses-answer":
            second.request(time, "ACK", to_tag=second.tags[1])
            second.request(time + 5 * MS, "BYE", to_tag=second.tags[1])
            second.respond(time + 25 * MS, 200, "OK", "BYE")
            first.refuse(time + 6 * MS, 488, "Not Acceptable Here", [("Reason", 'Q.850;cause=88;text="INCOMPATIBLE_DESTINATION"')])
            return
        first.respond(time, 200, "OK", body=self.body(first, False))
        first.request(time + 12 * MS, "ACK", to_tag=first.tags[1])
        second.request(time + 14 * MS, "ACK", to_tag=second.tags[1])
        time += 5 * SECOND + int(min(chance.expovariate(1 / 60), 900) * SECOND)
        by_caller = chance.random() < 0.5
        for leg in (first, second) if by_caller else (second, first):
            leg.request(time, "BYE", by_caller=by_caller, to_tag=leg.tags[1])
            leg.respond(time + 6 * MS, 200, "OK", "BYE", by_caller=not by_caller)
            time += self.hop()

    def refuse(self, first, second, time):
        """The far side refuses, and the SBC passes that on, as it is or as a 503."""
        if self.is_to_teams:
            more = [("Reason", f'Q.850;cause=88;text="{second.guid};{PHRASES[self.case]}"')]
        else:
            more = [("Warning", f'305 {self.carrier.address} "Incompatible media format"')]
        second.refuse(time, 488, "Not Acceptable Here", more)
        time += self.hop()
        if self.outcome == "refused-as-503":
            first.refuse(time, 503, "Service Unavailable")
            return
        first.refuse(time, 488, "Not Acceptable Here", more if self.chance.random() < 0.5 else [("Reason", "Q.850;cause=88")])
        first.relayed = True


def pairs_of(addresses, ports):
    """Media addresses and ports by turns, again and again."""
    while True:
        for port in ports:
            for address in addresses:
                yield address, port


class Night:
    def __init__(self, options):
        self.options = options
        self.chance = random.Random(options.seed)
        self.outcomes, self.weights = list(OUTCOMES), list(OUTCOMES.values())
        self.ports = {"sbc": pairs_of([INSIDE.address], SBC_PORTS), "carrier": pairs_of(CARRIER_MEDIA, CARRIER_PORTS),
                      "teams": pairs_of(TEAMS_MEDIA, TEAMS_PORTS)}

    def numbers(self, is_to_teams):
        chance, fate = self.chance, self.chance.random()
        user = f"+493023125{chance.randrange(10**4):04d}"
        if fate < 0.7:
            other = f"+496990009{chance.randrange(10**5):05d}"
        else:
            other = f"+442079460{chance.randrange(10**3):03d}" if fate < 0.9 else f"+120255501{chance.randrange(100):02d}"
        return [other, user] if is_to_teams else [user, other]

    def choose_grounds(self, call):
        """None but what the call's messages will show: no media where the address is 0.0.0.0."""
        kind, chance = self.options.grounds, self.chance
        known = [ground for ground in GROUNDS
                 if ground != "media" or not (call.outcome.startswith("refused") and call.case == "blackhole")]
        if kind == "weak":
            return set()
        if kind == "mixed":
            return {ground for ground in known if chance.random() < 0.2}
        grounds = set(chance.sample(known, chance.randrange(1, 4)))
        # Before Teams has answered, its Contact can't be passed on.
        return {"session-id"} if grounds == {"x-c"} and call.is_to_teams else grounds

    def calls(self):
        """The calls in order of time, and what side of each alone was captured, if one was."""
        options, chance = self.options, self.chance
        start, made, before = NIGHT, 0, None
        while made < options.calls:
            twins = before is None and made + 1 < options.calls and chance.random() * 100 < options.same_numbers / 2
            start += int(chance.expovariate(1 / GAP))
            call = Call(self, start)
            side = self.only_side()
            made += 1
            yield call, side, twins
            if not twins:
                continue
            # Where more calls begin within the time, they stand between the two of a pair: the heap sorts the messages.
            gap = chance.randrange(0, WITHIN)
            twin, other = Call(self, start + gap, twin=call), self.only_side()
            if gap < TELLABLE and side and other and side != other:
                other = None
            made += 1
            yield twin, other, True

    def only_side(self):
        return self.chance.choice(["carrier", "teams"]) if self.chance.random() * 100 < self.options.one_side else None


def rows(call, side, is_twin):
    """The truth about the captured legs of a call."""
    captured = [leg for leg in call.legs if side in (None, leg.side)]
    for leg in captured:
        is_strong = bool(call.grounds - {"x-c"}) or ("x-c" in call.grounds and leg.shows_x_c)
        related = ";".join(other.call_id for other in captured if other is not leg)
        yield [leg.side, leg.call_id, related, "strong" if is_strong else "weak", "yes" if leg.relayed else "no",
               leg.far.carrier or call.carrier.carrier, leg.outcome, leg.final_status, "yes" if is_twin else "no"]


def write(options):
    names = {side: os.path.join(options.folder, f"{side}-side.pcap") for side in ("carrier", "teams")}
    ahead = {"carrier": 0, "teams": round(options.offset * SECOND)}
    os.makedirs(options.folder, exist_ok=True)
    files = {side: open(name, "wb", buffering=1 << 20) for side, name in names.items()}
    waiting, made = [], 0
    with files["carrier"], files["teams"], open(os.path.join(options.folder, "truth.csv"), "w", newline="") as told:
        truth = csv.writer(told)
        truth.writerow(["side", "call_id", "related_call_ids", "strength", "relayed", "carrier", "outcome", "final_status",
                        "same_numbers"])
        for file in files.values():
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))

        def write_until(end):
            while waiting and (end is None or waiting[0][0] < end):
                time, _, side, frame = heapq.heappop(waiting)
                time += ahead[side]
                files[side].write(struct.pack("<IIII", time // SECOND, time % SECOND, len(frame), len(frame)) + frame)

        for call, side, is_twin in Night(options).calls():
            # A second call of a pair may be followed by one that begins before it.
            write_until(call.start - WITHIN)
            call.play()
            for leg in call.legs:
                for time, of, frame in leg.steps:
                    if side in (None, of):
                        made += 1
                        heapq.heappush(waiting, (time, made, of, frame))
            truth.writerows(rows(call, side, is_twin))
        write_until(None)


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("folder")
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--offset", type=float, default=0.0)
    parser.add_argument("--one-side", type=float, default=10.0)
    parser.add_argument("--same-numbers", type=float, default=5.0)
    parser.add_argument("--grounds", choices=["strong", "mixed", "weak"], default="mixed")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not (options.calls >= 0 and 0 <= options.offset <= 5 and 0 <= options.one_side <= 100 and 0 <= options.same_numbers <= 100):
        parser.error("out of range")
    return options


if __name__ == "__main__":
    write(arguments())
