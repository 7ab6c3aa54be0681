#!/usr/bin/env python3
"""Independent verifier of the audit format stanch-audit/1: log folders (8.1) and slices or bundles (8.2).

    python3 verify.py FOLDER [--vkey VKEY] [--first HEX] [--known FILE]... [--witness VKEY]... [--evidence]

A folder that holds slice.jsonl is a slice, any other one a log. Needs Python 3.8 and OpenSSL 3 (program `openssl`, for
Ed25519). It shares no code with stanch, changes nothing and uses no network.

Exit: 0 verified, 1 not verified (nothing to verify included), 3 verified but incomplete, 2 usage.
What you hold from elsewhere makes the answer stronger: the key (--vkey), the leaf hash of record 0 (--first),
checkpoints from tickets or chats (--known: a signed note, its three lines, or "origin size root" on one line),
keys of witnesses who must have countersigned (--witness). --evidence also hashes the evidence of a log folder;
in a slice that is always done, and so are the sums of MANIFEST.sha256.
"""
import argparse
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

SEGMENT = 65536
MAX_RECORD = 65535
MAX_SAFE = 2 ** 53 - 1
SHOWN = 100
HEX64 = re.compile(r"[0-9a-f]{64}")
NAME = re.compile(r"[\x21-\x2a\x2c-\x7e]{1,200}")
ABSENT = object()
KINDS = set("""log.open log.recovered log.close key.epoch session.open session.close auth incident.open incident.update
incident.close plan intent outcome settle observe gap decision approval note peer.seen witness.cosigned anchor reconcile
export deliver""".split())


class Bad(Exception):
    """Why something is not verified: `kind: detail`, in the words of the format's section 12."""


class Report:
    """Findings by weight. `failed` decides exit 1, `incomplete` exit 3, `note` nothing."""

    def __init__(self):
        self.findings, self.count, self.anchors = [], {"failed": 0, "incomplete": 0, "note": 0}, []

    def __call__(self, weight, text, seq=None):
        self.count[weight] += 1
        if self.count[weight] <= SHOWN:
            self.findings.append((weight, seq, text))

    def attempt(self, name, work):
        try:
            return work()
        except Bad as bad:
            self("failed", "%s (%s)" % (bad, name))
        except OSError as error:
            self("failed", "unreadable: %s (%s)" % (name, error.strerror))
        return None


# ---------------------------------------------------------------- tree (RFC 9162, section 2.1)

def leaf_hash(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The roots of the perfect subtrees of a growing tree."""

    def __init__(self):
        self.size, self.roots = 0, []

    def add(self, leaf):
        height, carry = 0, leaf
        while self.size >> height & 1:
            carry = node(self.roots.pop(), carry)
            height += 1
        self.roots.append(carry)
        self.size += 1

    def root(self):
        if not self.roots:
            return hashlib.sha256(b"").digest()
        value = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            value = node(left, value)
        return value


def included(leaf, index, size, path, root):
    """RFC 9162, 2.1.3.2; what is wrong, or None."""
    if index >= size:
        return "not in the signed tree: index %d of %d" % (index, size)
    fn, sn, value = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            return "proof too long"
        if fn & 1 or fn == sn:
            value = node(sibling, value)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node(value, sibling)
        fn, sn = fn >> 1, sn >> 1
    return None if sn == 0 and value == root else "not in the signed tree: the inclusion proof does not lead to the root"


def extends(old_size, old_root, size, root, path):
    """RFC 9162, 2.1.4.2: is the tree of `size` a continuation of that of `old_size`?"""
    if not 0 < old_size < size:
        return old_size == size and old_root == root and not path
    nodes = ([old_root] if old_size & (old_size - 1) == 0 else []) + path
    if not nodes:
        return False
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    older = newer = nodes[0]
    for sibling in nodes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            older, newer = node(sibling, older), node(sibling, newer)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            newer = node(newer, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and older == old_root and newer == root


# ---------------------------------------------------------------- records

def parse_record(data):
    """A record from its bytes, or Bad: canonical form (3.1) and envelope (3.2)."""
    if len(data) > MAX_RECORD:
        raise Bad("not in canonical form: longer than %d bytes" % MAX_RECORD)
    try:
        text = data.decode("utf-8")
        value = json.loads(text)
        again = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        raise Bad("not in canonical form: no JSON in UTF-8")
    if not isinstance(value, dict):
        raise Bad("not in canonical form: no object")
    if again != text:
        raise Bad("not in canonical form: its bytes are not what a compact writer makes of them")
    check_value(value, 1)
    check_envelope(value)
    return value


def check_value(value, depth):
    if isinstance(value, (bool, type(None))):
        return
    if isinstance(value, str):
        if any("\ud800" <= c <= "\udfff" for c in value):
            raise Bad("not in canonical form: a lone surrogate")
    elif type(value) is int:
        if abs(value) > MAX_SAFE:
            raise Bad("not in canonical form: a number that is not a safe integer")
    elif isinstance(value, (list, dict)):
        if depth > 8:
            raise Bad("not in canonical form: nested deeper than 8")
        if isinstance(value, dict):
            for name in value:
                if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name):
                    raise Bad("not in canonical form: a member name that is not allowed")
            value = value.values()
        for item in value:
            check_value(item, depth + 1)
    else:
        raise Bad("not in canonical form: a number that is not a safe integer")


def check_envelope(record):
    if list(record)[:6] != ["v", "seq", "prev", "salt", "time", "kind"]:
        raise Bad("bad envelope: the first members are not v, seq, prev, salt, time, kind")
    if type(record["v"]) is not int or record["v"] != 1:
        raise Bad("bad envelope: version %s is not known; this program knows version 1" % ascii(record["v"]))
    if type(record["seq"]) is not int or record["seq"] < 0:
        raise Bad("bad envelope: seq")
    for member, form in (("prev", "[0-9a-f]{64}"), ("salt", "[A-Za-z0-9_-]{21}[AQgw]"), ("kind", "[a-z][a-z0-9_.]{0,63}")):
        if not isinstance(record[member], str) or not re.fullmatch(form, record[member]):
            raise Bad("bad envelope: " + member)
    if not is_instant(record["time"]):
        raise Bad("bad envelope: time")


def is_instant(text):
    form = r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.[0-9]{3}Z"
    match = re.fullmatch(form, text) if isinstance(text, str) else None
    if not match:
        return False
    year, month, day, hour, minute, second = map(int, match.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1 <= month <= 12 and 1 <= day <= days[month - 1] and hour < 24 and minute < 60 and second < 60


# ---------------------------------------------------------------- keys, signatures, checkpoints (5, 6)

def b64(text, what):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise Bad("base64 not canonical: " + what)
    if base64.b64encode(data).decode() != text:
        raise Bad("base64 not canonical: " + what)
    return data


class Vkey:
    """`name+id+base64`. Two splits only: base64 may itself contain a plus sign."""

    def __init__(self, text):
        parts = text.split("+", 2) if isinstance(text, str) and len(text) <= 500 else []
        shown = ascii(text)[:200]
        if len(parts) != 3 or not NAME.fullmatch(parts[0]) or not re.fullmatch("[0-9a-f]{8}", parts[1]):
            raise Bad("bad vkey: " + shown)
        try:
            material = b64(parts[2], "")
        except Bad:
            raise Bad("bad vkey: " + shown)
        digest = hashlib.sha256(parts[0].encode() + b"\n" + material).hexdigest()
        if len(material) != 33 or material[0] not in (1, 4) or digest[:8] != parts[1]:
            raise Bad("bad vkey: " + shown)
        self.text, self.name, self.id, self.type, self.key = text, parts[0], bytes.fromhex(parts[1]), material[0], material[1:]


CHECKED = {}


def signed_by(key, message, signature):
    """Kept checkpoints are often the newest one as well: each signature is checked once."""
    case = (key, message, signature)
    if case not in CHECKED:
        CHECKED[case] = run_openssl(*case)
    return CHECKED[case]


def run_openssl(key, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("key", "message", "signature")]
        for name, data in zip(names, (bytes.fromhex("302a300506032b6570032100") + key, message, signature)):
            with open(name, "wb") as file:
                file.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", names[0], "-rawin",
                   "-in", names[1], "-sigfile", names[2]]
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def openssl_works():
    """RFC 8032, 7.1, test 2: the signature of the byte 0x72 is accepted, that of another byte is not."""
    key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                              "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
    try:
        return run_openssl(key, b"\x72", signature) and not run_openssl(key, b"\x73", signature)
    except OSError:
        return False


class Head:
    """Origin, size and root of a log at one moment."""

    def __init__(self, body):
        lines = body.split("\n")
        if len(lines) != 4 or lines[3] != "":
            raise Bad("malformed checkpoint: not exactly three lines")
        if not NAME.fullmatch(lines[0]):
            raise Bad("malformed checkpoint: origin")
        if not re.fullmatch("0|[1-9][0-9]{0,15}", lines[1]) or int(lines[1]) > MAX_SAFE:
            raise Bad("malformed checkpoint: size")
        self.body, self.origin, self.size, self.root = body, lines[0], int(lines[1]), b64(lines[2], "root")
        self.lines = None
        if len(self.root) != 32:
            raise Bad("malformed checkpoint: root")


def parse_checkpoint(data):
    """A C2SP signed note over a C2SP checkpoint body."""
    if len(data) > 65536:
        raise Bad("malformed checkpoint: longer than 65536 bytes")
    try:
        text = data.decode("utf-8")
    except ValueError:
        raise Bad("malformed checkpoint: not UTF-8")
    if re.search("[\x00-\x09\x0b-\x1f]", text):
        raise Bad("malformed checkpoint: a control character")
    end = text.find("\n\n")
    if end < 0 or not text.endswith("\n"):
        raise Bad("malformed checkpoint: no empty line between body and signatures")
    head, lines = Head(text[:end + 1]), text[end + 2:-1].split("\n")
    if len(lines) > 100:
        raise Bad("malformed checkpoint: more than 100 signature lines")
    head.lines = []
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or not parts[1] or "+" in parts[1] or re.search(r"\s", parts[1]):
            raise Bad("malformed signature line: " + ascii(line)[:80])
        signature = b64(parts[2], "signature of " + ascii(parts[1]))
        if len(signature) < 5:
            raise Bad("malformed signature line: " + ascii(line)[:80])
        head.lines.append((parts[1], signature[:4], signature[4:]))
    return head


def parse_known(data):
    """A checkpoint that somebody held elsewhere, with or without its signatures, and with the margins of a ticket."""
    data = b"\n".join(line.strip() for line in data.split(b"\n")).strip(b"\n") + b"\n"
    if b"\n\n" in data:
        return parse_checkpoint(data)
    try:
        text = data.decode("utf-8")
    except ValueError:
        raise Bad("malformed checkpoint: not UTF-8")
    words = text.split()
    return Head("\n".join(words) + "\n" if len(words) == 3 else text)


def check_signature(head, vkey):
    """Every line of this key must verify, and there must be one. Lines of other keys are ignored."""
    lines = [data for name, key_id, data in head.lines if name == vkey.name and key_id == vkey.id]
    if not lines:
        raise Bad("no signature by " + vkey.name)
    for data in lines:
        message, signature = head.body.encode(), data
        if vkey.type == 4:
            time = int.from_bytes(data[:8], "big")
            message, signature = b"cosignature/v1\ntime %d\n" % time + message, data[8:]
        if len(signature) != 64 or not signed_by(vkey.key, message, signature):
            raise Bad("bad signature by " + vkey.name)


# ---------------------------------------------------------------- rules between records (3.3, 3.4, 6)

class Rules:
    """Numbers within an incident, one answer per intent, one mode, known sessions, epochs that count up."""

    def __init__(self, report, origin):
        self.report, self.origin = report, origin
        self.mode, self.closed, self.epochs, self.sessions, self.incidents, self.open = ABSENT, False, [], set(), {}, {}
        self.time, self.unknown = "", set()

    def add(self, record, leaf):
        seq, kind = record["seq"], record["kind"]
        fail = lambda text: self.report("failed", text, seq)
        if self.closed:
            fail("record after the end: log.close is the last record of a log")
        if (seq == 0) != (kind == "log.open"):
            fail("bad envelope: log.open is record 0 and only that")
        if record["time"] < self.time:
            self.report("incomplete", "time goes back: from %s to %s" % (self.time, record["time"]), seq)
        self.time = record["time"]
        self.closed = self.closed or kind == "log.close"
        self.session(record, fail)
        self.incident(record, fail)
        self.operation(record, leaf, fail)
        if kind in ("log.open", "key.epoch"):
            self.epoch(record, fail)
        if kind not in KINDS and kind not in self.unknown:
            self.unknown.add(kind)
            self.report("note", "unknown kind: %s is signed like all others" % kind, seq)

    def session(self, record, fail):
        mode, sid, kind = record.get("mode", ABSENT), record.get("sid"), record["kind"]
        if kind == "log.open":
            self.mode = mode
            if mode not in ("real", "sim"):
                fail("mode differs: neither real nor sim")
        elif mode is not ABSENT and mode != self.mode:
            fail("mode differs: %s in a log of mode %s" % (ascii(mode), ascii(self.mode)))
        if kind.startswith(("log.", "key.")):
            return
        if not isinstance(sid, str) or mode is ABSENT:
            fail("bad envelope: %s without sid and mode" % kind)
        elif kind == "session.open":
            self.sessions.add(sid)
        elif sid not in self.sessions:
            fail("unknown session: no session.open for %s" % ascii(sid))

    def incident(self, record, fail):
        inc, iseq = record.get("inc", ABSENT), record.get("iseq", ABSENT)
        if inc is ABSENT and iseq is ABSENT:
            return
        if not isinstance(inc, str) or type(iseq) is not int:
            fail("iseq gap: inc and iseq stand together")
            if not isinstance(inc, str):
                return
        due, closed = self.incidents.get(inc, (0, False))
        if closed:
            fail("iseq gap: %s was closed" % ascii(inc))
        elif iseq != due:
            fail("iseq gap: %s has %s where %d is due" % (ascii(inc), iseq if type(iseq) is int else "none", due))
        elif (iseq == 0) != (record["kind"] == "incident.open"):
            fail("iseq gap: %s does not begin with incident.open" % ascii(inc))
        after = iseq + 1 if type(iseq) is int else due + 1
        self.incidents[inc] = (after, closed or record["kind"] == "incident.close")

    def operation(self, record, leaf, fail):
        kind, op, intent = record["kind"], record.get("op"), record.get("intent")
        if kind == "intent":
            if any(one["op"] == op for one in self.open.values()):
                fail("intent before the last one was settled: %s" % ascii(op))
            corr = "stanch-" + leaf.hex()[:56]
            self.open[record["seq"]] = {"op": op, "try": record.get("try"), "corr": corr, "unknown": False}
        elif kind in ("outcome", "settle"):
            known = self.open.get(intent) if type(intent) is int else None
            right = known is not None and isinstance(op, str) and known["op"] == op
            if right and kind == "outcome":
                right = (not known["unknown"] and type(record.get("try")) is int and known["try"] == record["try"]
                         and known["corr"] == record.get("corr"))
            if not right:
                fail("outcome without an open intent: %s of intent %s, %s" % (kind, ascii(intent), ascii(op)))
            if known is not None and kind == "outcome" and record.get("result") == "unknown":
                known["unknown"] = True
            elif known is not None:
                del self.open[intent]

    def epoch(self, record, fail):
        number = record.get("epoch")
        if type(number) is not int or number != (0 if record["kind"] == "log.open" else self.current() + 1):
            fail("key epoch out of order: epoch %s" % ascii(number))
        try:
            vkey = Vkey(record.get("epoch_vkey"))
            if vkey.type != 4 or vkey.name != "%s/epoch-%s" % (self.origin, number):
                raise Bad("bad vkey: not a key of %s/epoch-%s" % (self.origin, number))
            self.epochs.append((record["seq"], number, vkey))
        except Bad as bad:
            fail(str(bad))

    def current(self):
        return self.epochs[-1][1] if self.epochs and type(self.epochs[-1][1]) is int else -1

    def in_force(self, size):
        last = 0 if size == 1 else size - 2
        return next((vkey for index, _, vkey in reversed(self.epochs) if index <= last), None)

    def finish(self):
        for seq, one in sorted(self.open.items()):
            text = "outcome unknown and not settled" if one["unknown"] else "intent without outcome"
            self.report("incomplete", "%s: %s" % (text, ascii(one["op"])), seq)


def begin(record, leaf, trust, report):
    """Record 0: which log this is. Returns the key that must have signed it."""
    fail = lambda text: report("failed", text, 0)
    if record["kind"] != "log.open":
        fail("bad envelope: record 0 is not log.open")
    if record.get("format") != "stanch-audit/1":
        fail("bad envelope: format %s is not known; this program knows stanch-audit/1" % ascii(record.get("format")))
    vkey = trust.vkey
    if vkey is None and not trust.bad_vkey:
        try:
            vkey = Vkey(record.get("vkey"))
        except Bad as bad:
            fail(str(bad))
    if vkey is None or record.get("vkey") != vkey.text or record.get("origin") != vkey.name or vkey.type != 1:
        fail("record 0 not the registered one: it names the key %s" % ascii(record.get("vkey"))[:200])
    if trust.first is not None:
        if trust.first.lower() == leaf.hex():
            report.anchors.append("first record")
        else:
            fail("record 0 not the registered one: its leaf hash is " + leaf.hex())
    return vkey


# ---------------------------------------------------------------- a log folder (8.1)

class Trust:
    def __init__(self, args, report):
        self.first, self.witnesses, self.known, self.bad_vkey = args.first, [], [], False
        self.vkey = report.attempt("--vkey", lambda: Vkey(args.vkey)) if args.vkey is not None else None
        self.bad_vkey = args.vkey is not None and self.vkey is None
        for text in args.witness:
            self.witnesses.append(report.attempt("--witness", lambda: Vkey(text)))
        for path in args.known:
            head = report.attempt(path, lambda: parse_known(read(path, 65536)))
            if head:
                self.known.append((path, head))

    def check_witnesses(self, head, report):
        for vkey in [vkey for vkey in self.witnesses if vkey]:
            def check():
                check_signature(head, vkey)
                report.anchors.append("witness " + vkey.name)
            if head is None:
                report("failed", "no signature by " + vkey.name)
            else:
                report.attempt("checkpoint", check)

    def limits(self, report):
        if self.vkey is None:
            report("note", "signer not pinned: the vkey was taken from the log itself")
        if not any(not anchor.startswith("witness") for anchor in report.anchors):
            report("note", "first record not pinned: a rollback, or a rewrite by a holder of the keys, cannot be excluded")


def opened(path):
    """A regular file: a pipe in a stranger's folder would never end."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise Bad("unreadable: %s is no regular file" % ascii(os.path.basename(path)))
    return open(path, "rb")


def read(path, limit):
    with opened(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise Bad("malformed checkpoint: longer than %d bytes" % limit if limit == 65536 else "unreadable: larger than %d bytes" % limit)
    return data


def listed(folder, form):
    try:
        return sorted(name for name in os.listdir(folder) if re.fullmatch(form, name))
    except FileNotFoundError:
        return []


def lines_of(path):
    """The lines of a file without their LF, and last the bytes after the last LF."""
    with opened(path) as file:
        for line in file:
            yield (line[:-1], True) if line.endswith(b"\n") else (line, False)


class Log:
    def __init__(self, folder, trust, report):
        self.folder, self.trust, self.report, self.tree = folder, trust, report, Tree()
        self.vkey, self.rules, self.prev, self.agreeing, self.named = trust.vkey, None, "0" * 64, 0, []
        self.newest, own = None, []
        for name in listed(os.path.join(folder, "checkpoints"), "[0-9]{12}"):
            own.append(self.own("checkpoints/" + name, int(name)))
        if os.path.exists(os.path.join(folder, "checkpoint")):
            self.newest = self.own("checkpoint", None)
            own.append(self.newest)
        else:
            report("failed", "malformed checkpoint: there is no checkpoint")
        self.own_heads = [one for one in own if one]
        self.due = sorted(self.own_heads + [(name, head, True) for name, head in trust.known], key=lambda one: one[1].size)
        self.sizes = {head.size for _, head, _ in self.own_heads}
        self.largest = max((head for _, head, _ in self.own_heads), key=lambda head: head.size, default=None)

    def own(self, name, size):
        head = self.report.attempt(name, lambda: parse_checkpoint(read(os.path.join(self.folder, name), 65536)))
        if head and size is not None and head.size != size:
            self.report("failed", "malformed checkpoint: %s covers %d records" % (name, head.size))
        return head and (name, head, False)

    def reached(self):
        """Checkpoints that cover exactly the records read so far: same root, signed by the keys in force."""
        while self.due and self.due[0][1].size == self.tree.size:
            name, head, outside = self.due.pop(0)
            before = self.report.count["failed"]
            if not self.vkey or head.origin != self.vkey.name:
                self.report("failed", "checkpoint of another log: %s is of %s" % (name, ascii(head.origin)))
            if head.root != self.tree.root():
                self.report("failed", "altered or forked: the first %d records are not those that %s covers" % (head.size, name))
            if head.lines is not None:
                epoch = self.rules.in_force(head.size) if self.rules else None
                if epoch is None:
                    self.report("failed", "no signature by the epoch in force (%s)" % name)
                for vkey in [vkey for vkey in (self.vkey, epoch) if vkey]:
                    self.report.attempt(name, lambda: check_signature(head, vkey))
            if self.report.count["failed"] == before:
                self.agreeing += 1
                if outside:
                    self.report.anchors.append("known checkpoint of size %d" % head.size)

    def add(self, data):
        seq, leaf, record = self.tree.size, leaf_hash(data), None
        try:
            record = parse_record(data)
        except Bad as bad:
            self.report("failed", str(bad), seq)
        if record:
            self.check(record, seq, leaf)
        self.prev = leaf.hex()
        self.tree.add(leaf)
        self.reached()

    def check(self, record, seq, leaf):
        if record["seq"] != seq:
            self.report("failed", "bad envelope: seq is %d" % record["seq"], seq)
        if record["prev"] != self.prev:
            before = "record %d is not the one it was written after: one of the two was changed" % (seq - 1)
            self.report("failed", "prev does not match: %s" % (before if seq else "it follows no record"), seq)
        if seq == 0:
            self.vkey = begin(record, leaf, self.trust, self.report)
        if self.rules is None:
            self.rules = Rules(self.report, self.vkey.name if self.vkey else "")
        self.rules.add(dict(record, seq=seq), leaf)
        if record["kind"] == "key.epoch" and seq + 1 not in self.sizes:
            self.report("failed", "epoch without seal: there is no checkpoint of size %d" % (seq + 1), seq)
        self.named.extend((sha256, seq) for sha256 in evidence_of(record))

    def run(self):
        self.reached()
        names, due = listed(os.path.join(self.folder, "records"), r"[0-9]{12}\.jsonl"), 0
        for number, name in enumerate(names):
            if int(name[:12]) != due:
                self.report("failed", "segment gap: records/%s where record %d is due" % (name, due))
            due, inside, last = int(name[:12]) + SEGMENT, self.tree.size, number == len(names) - 1
            self.report.attempt("records/" + name, lambda: self.segment("records/" + name, last))
            inside = self.tree.size - inside
            if inside > SEGMENT or (not last and inside < SEGMENT):
                self.report("failed", "segment gap: records/%s has %d records" % (name, inside))
        self.finish()

    def segment(self, name, last):
        for data, whole in lines_of(os.path.join(self.folder, name)):
            if whole:
                self.add(data)
            else:
                self.report("incomplete" if last else "failed", "torn last line: %d bytes after record %d are no record"
                            % (len(data), self.tree.size - 1))

    def finish(self):
        size = self.tree.size
        if size == 0:
            self.report("failed", "nothing to verify: there are no records")
        for name, head, _ in self.due:
            self.report("failed", "truncated or rolled back: %s covers %d records, the log has %d" % (name, head.size, size))
        if self.largest and size > self.largest.size:
            self.report("incomplete", "not in the signed tree: records %d to %d are covered by no checkpoint%s"
                        % (self.largest.size, size - 1, self.tip()), self.largest.size)
        if self.rules:
            self.rules.finish()
        self.trust.check_witnesses(self.newest and self.newest[1], self.report)
        self.trust.limits(self.report)

    def tip(self):
        try:
            head = parse_checkpoint(read(os.path.join(self.folder, "tip"), 65536))
            check_signature(head, self.rules.in_force(head.size))
        except (Bad, OSError, AttributeError):
            return ""
        covers = head.size == self.tree.size and head.root == self.tree.root() and head.origin == self.vkey.name
        return "; the tip, signed but not synced, covers them" if covers else ""

    def summary(self):
        head, rules = self.largest, self.rules
        return {"mode": rules.mode if rules else "", "records": self.tree.size, "size": head.size if head else 0,
                "root": head.root if head else None, "checkpoints": self.agreeing, "signer": self.vkey.text if self.vkey else ""}


# ---------------------------------------------------------------- a slice (8.2), and what a bundle adds to it

class Slice:
    def __init__(self, folder, trust, report):
        self.folder, self.trust, self.report, self.vkey, self.rules, self.count = folder, trust, report, trust.vkey, None, 0
        self.head = report.attempt("checkpoint", lambda: parse_checkpoint(read(os.path.join(folder, "checkpoint"), 65536)))
        self.last, self.last_leaf, self.named, self.plan, self.anchored = -1, "", [], None, []

    def run(self):
        lines, proofs = self.lines("slice.jsonl"), self.lines("slice.proof")
        if not lines:
            self.report("failed", "nothing to verify: the slice holds no record")
        if len(lines) != len(proofs):
            self.report("failed", "proof too long or short: %d proofs for %d records" % (len(proofs), len(lines)))
        for data, proof in zip(lines, proofs):
            self.add(data, proof)
        self.finish()

    def lines(self, name):
        def work():
            found = []
            for data, whole in lines_of(os.path.join(self.folder, name)):
                if not whole:
                    self.report("failed", "torn last line: %s does not end with a line end" % name)
                found.append(data)
            return found
        return self.report.attempt(name, work) or []

    def add(self, data, proof):
        self.count += 1
        leaf, name = leaf_hash(data), "line %d" % self.count
        try:
            record = parse_record(data)
            index, path = self.proof(proof, name)
        except Bad as bad:
            self.report("failed", "%s (%s of the slice)" % (bad, name))
            return
        seq = record["seq"]
        if index != seq:
            self.report("failed", "bad envelope: seq is %d, its proof is for %d" % (seq, index), seq)
        if seq <= self.last:
            self.report("failed", "bad envelope: the records do not ascend", seq)
        if seq == self.last + 1 and self.last >= 0 and record["prev"] != self.last_leaf:
            before = "record %d is not the one it was written after: one of the two was changed" % (seq - 1)
            self.report("failed", "prev does not match: %s" % before, seq)
        if self.count == 1:
            if seq != 0 or record["prev"] != "0" * 64:
                self.report("failed", "bad envelope: the slice does not begin with record 0", seq)
            self.vkey = begin(record, leaf, self.trust, self.report)
            self.rules = Rules(self.report, self.vkey.name if self.vkey else "")
            # Key epochs between the records of a slice are not in it: their order is the full log's to show.
            self.rules.epoch = lambda *_: None
        if self.head:
            wrong = included(leaf, index, self.head.size, path, self.head.root)
            if wrong:
                self.report("failed", wrong, seq)
        if self.rules:
            self.rules.add(record, leaf)
        self.last, self.last_leaf = seq, leaf.hex()
        self.named.extend((sha256, seq) for sha256 in evidence_of(record))
        if record["kind"] == "plan" and isinstance(record.get("plan_sha256"), str):
            self.plan = (record["plan_sha256"], seq)
        if record["kind"] == "anchor" and type(record.get("size")) is int and HEX64.fullmatch(str(record.get("root"))):
            self.anchored.append((seq, record.get("type"), record["size"], bytes.fromhex(record["root"])))

    def proof(self, data, name):
        try:
            words = data.decode("ascii").split(" ")
        except ValueError:
            raise Bad("base64 not canonical: the proof of " + name)
        if not re.fullmatch("0|[1-9][0-9]{0,15}", words[0]):
            raise Bad("not in the signed tree: the proof of %s has no index" % name)
        path = [b64(word, "the proof of " + name) for word in words[1:]]
        if any(len(sibling) != 32 for sibling in path):
            raise Bad("base64 not canonical: the proof of " + name)
        return int(words[0]), path

    def finish(self):
        head = self.head
        if head and self.vkey:
            if head.origin != self.vkey.name:
                self.report("failed", "checkpoint of another log: it is of %s" % ascii(head.origin))
            self.report.attempt("checkpoint", lambda: check_signature(head, self.vkey))
        if self.rules:
            if not self.rules.incidents:
                self.report("failed", "nothing to verify: the slice holds no record of an incident")
            for inc, (count, closed) in self.rules.incidents.items():
                if not closed:
                    self.report("incomplete", "incident without its end: %s has no incident.close in %d records" % (ascii(inc), count))
            self.rules.finish()
        if head:
            self.states(head)
        self.trust.check_witnesses(head, self.report)
        self.trust.limits(self.report)

    def states(self, head):
        """Other states of the log, held outside or named by anchor records: each must be one that the checkpoint extends."""
        paths = self.older()

        def same(size, root):
            if size == head.size:
                return root == head.root
            return extends(size, root, head.size, head.root, paths[size]) if size in paths else None
        for name, known in self.trust.known:
            found = same(known.size, known.root)
            if known.origin != head.origin:
                self.report("failed", "checkpoint of another log: %s is of %s" % (name, ascii(known.origin)))
            elif found is None:
                self.report("note", "not compared: %s is of size %d, for which there is no proof here" % (name, known.size))
            elif found:
                self.report.anchors.append("known checkpoint of size %d" % known.size)
            else:
                self.report("failed", "altered or forked: %s has another root at size %d" % (name, known.size))
        for seq, kind, size, root in self.anchored:
            found = same(size, root)
            if found:
                self.report("note", "anchor on record: %s of size %d, a state of this log" % (ascii(kind), size), seq)
            elif found is False:
                self.report("failed", "altered or forked: the anchor names another root at size %d" % size, seq)

    def older(self):
        """slice.consistency: older sizes, each with the path that proves that the checkpoint extends it."""
        paths = {}
        if not os.path.exists(os.path.join(self.folder, "slice.consistency")):
            return paths
        for number, data in enumerate(self.lines("slice.consistency")):
            try:
                words = data.decode("ascii").split(" ")
                path = [b64(word, "") for word in words[1:]]
                if not re.fullmatch("[1-9][0-9]{0,15}", words[0]) or len(path) > 106 or any(len(one) != 32 for one in path):
                    raise Bad("")
                paths[int(words[0])] = path
            except (Bad, ValueError):
                self.report("failed", "malformed consistency proof: line %d of slice.consistency" % (number + 1))
        return paths

    def summary(self):
        head, rules = self.head, self.rules
        return {"mode": rules.mode if rules else "", "records": self.count, "size": head.size if head else 0,
                "root": head.root if head else None, "checkpoints": 1 if head else 0,
                "signer": self.vkey.text if self.vkey else ""}


# ---------------------------------------------------------------- evidence and the other files of a bundle

def evidence_of(record):
    """SHA-256 of the blobs that a record refers to."""
    found = []

    def walk(value):
        if isinstance(value, str) and HEX64.fullmatch(value):
            found.append(value)
        elif isinstance(value, (list, dict)):
            for item in value.values() if isinstance(value, dict) else value:
                walk(item)
    walk([record.get("evidence"), record.get("state")])
    if record["kind"] == "anchor":
        walk(record.get("receipt_sha256"))
    for member in ("before", "after"):
        if isinstance(record.get(member), str) and record[member].startswith("sha256:"):
            walk(record[member][7:])
    return found


def file_sha256(path):
    digest = hashlib.sha256()
    with opened(path) as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def is_bundle(folder):
    return os.path.exists(os.path.join(folder, "manifest.json"))


def withheld_in(folder, report):
    """What the manifest says is held back. It is not signed: it can explain that a blob is absent, and nothing more."""
    try:
        with opened(os.path.join(folder, "manifest.json")) as file:
            return {one["sha256"] for one in json.loads(file.read().decode("utf-8"))["withheld"]}
    except (Bad, ValueError, KeyError, TypeError, OSError, RecursionError):
        report("failed", "manifest: manifest.json cannot be read")
        return set()


def check_evidence(folder, named, report, slice_alone):
    """Every blob has the hash that is its name, and every blob that a record names is there or withheld."""
    here = set(listed(os.path.join(folder, "evidence"), "[0-9a-f]{64}"))
    withheld = withheld_in(folder, report) if is_bundle(folder) else set()
    good, first = 0, {}
    for sha256, seq in named:
        first.setdefault(sha256, seq)
    for sha256 in sorted(here):
        found = report.attempt("evidence/" + sha256, lambda: file_sha256(os.path.join(folder, "evidence", sha256)))
        if found == sha256:
            good += 1
            if sha256 not in first:
                report("note", "evidence that no record here names: " + sha256)
        elif found:
            report("failed", "evidence altered: evidence/%s has the hash %s" % (sha256, found), first.get(sha256))
    for sha256, seq in first.items():
        if sha256 in withheld:
            if sha256 not in here:
                report("note", "evidence withheld: %s; manifest.json says who holds it" % sha256, seq)
        elif sha256 not in here:
            report("note" if slice_alone else "incomplete", "evidence not here: " + sha256, seq)
    return good


def check_plan(folder, plan, report):
    """plan.json is the newest plan: the form whose SHA-256 is plan_sha256 in the records."""
    path = os.path.join(folder, "plan.json")
    if os.path.exists(path):
        sha256, seq = plan or ("", None)
        if report.attempt("plan.json", lambda: file_sha256(path)) != sha256:
            report("failed", "plan differs: plan.json is not the plan whose hash is in the records", seq)


def check_manifest(folder, report):
    """MANIFEST.sha256 as `sha256sum -c` reads it, and nothing beside what it lists."""
    path = os.path.join(folder, "MANIFEST.sha256")
    if not os.path.exists(path):
        if is_bundle(folder):
            report("failed", "manifest: MANIFEST.sha256 is missing")
        return
    names = {"MANIFEST.sha256"}
    for data, _ in report.attempt("MANIFEST.sha256", lambda: list(lines_of(path))) or []:
        match = re.fullmatch(rb"([0-9a-f]{64})  ([A-Za-z0-9._/-]{1,200})", data)
        if not match or b".." in match.group(2) or match.group(2).startswith(b"/"):
            report("failed", "manifest: a line that is none: %s" % ascii(data)[:80])
            continue
        name = match.group(2).decode()
        names.add(name)
        found = report.attempt(name, lambda: file_sha256(os.path.join(folder, name)))
        if found and found != match.group(1).decode():
            report("failed", "file altered: %s is not the file of the manifest" % name)
    for base, _, files in os.walk(folder):
        for name in files:
            relative = os.path.relpath(os.path.join(base, name), folder).replace(os.sep, "/")
            if relative not in names:
                report("note", "file beside the manifest: %s" % ascii(relative))


def check_copies(folder, head, vkey, report):
    """checkpoint.body, checkpoint.sig and identity.pub.pem repeat parts of the checkpoint for tools that cannot read it."""
    if head is None or vkey is None:
        return
    signatures = [data for name, key_id, data in head.lines if name == vkey.name and key_id == vkey.id]
    der = bytes.fromhex("302a300506032b6570032100") + vkey.key
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der) + b"\n-----END PUBLIC KEY-----\n"
    for name, wanted in (("checkpoint.body", [head.body.encode()]), ("checkpoint.sig", signatures), ("identity.pub.pem", [pem])):
        path = os.path.join(folder, name)
        if os.path.exists(path) and report.attempt(name, lambda: read(path, 65536)) not in wanted:
            report("failed", "copy differs: %s is not what the checkpoint and the key say" % name)


# ---------------------------------------------------------------- command line

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--vkey")
    parser.add_argument("--first", help="64 hex digits")
    parser.add_argument("--known", action="append", default=[], metavar="FILE")
    parser.add_argument("--witness", action="append", default=[], metavar="VKEY")
    parser.add_argument("--evidence", action="store_true")
    parser.add_argument("--slice", action="store_true", help="it must be a slice; found out without it, too")
    args = parser.parse_args()
    if args.first is not None and not HEX64.fullmatch(args.first.lower()):
        parser.error("--first takes 64 hex digits")
    for path in args.known:
        if not os.path.isfile(path):
            parser.error("--known %s is no file" % path)
    if not openssl_works():
        print("NOT VERIFIED: the program openssl is missing or cannot check Ed25519 (OpenSSL 3 can)")
        return 1
    report = Report()
    trust = Trust(args, report)
    is_slice = args.slice or os.path.exists(os.path.join(args.folder, "slice.jsonl"))
    subject = (Slice if is_slice else Log)(args.folder, trust, report)
    subject.run()
    blobs = None
    if is_slice or args.evidence:
        blobs = check_evidence(args.folder, subject.named, report, is_slice and not is_bundle(args.folder))
    if is_slice:
        check_plan(args.folder, subject.plan, report)
        check_copies(args.folder, subject.head, subject.vkey, report)
        check_manifest(args.folder, report)
    return show(report, subject.summary(), is_slice, blobs)


def show(report, found, is_slice, blobs):
    failed, incomplete = report.count["failed"], report.count["incomplete"]
    verdict = "NOT VERIFIED" if failed else "VERIFIED BUT INCOMPLETE" if incomplete else "VERIFIED"
    mode = {"real": "REAL", "sim": "SIMULATED"}.get(found["mode"], "of unknown mode")
    print("%s: %s, %s, %d records, signed size %d, root %s, anchors: %s" % (
        verdict, "slice" if is_slice else "log", mode, found["records"], found["size"],
        base64.b64encode(found["root"]).decode() if found["root"] else "none", ", ".join(report.anchors) or "none"))
    print("signer %s; %d checkpoints agree" % (ascii(found["signer"])[1:-1], found["checkpoints"]))
    if blobs is not None:
        print("%d evidence files have the hash that the records name" % blobs)
    for weight, seq, text in sorted(report.findings, key=lambda one: ("failed", "incomplete", "note").index(one[0])):
        print("%-10s %s%s" % (weight, "" if seq is None else "record %d: " % seq, text))
    for weight, count in report.count.items():
        if count > SHOWN:
            print("%-10s %d more are not listed" % (weight, count - SHOWN))
    return 1 if failed else 3 if incomplete else 0


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough; nothing was proven to them
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
