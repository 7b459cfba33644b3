#!/bin/sh
# Checks an export of licensebot in the folder of this script: sh check.sh
# Exit codes: 0 all is as the manifest says, 1 a difference, 3 could not check.
cd "$(dirname "$0")" || exit 3
command -v python3 >/dev/null || { echo "python3 is missing"; exit 3; }
python3 - <<'PYTHON' || exit $?
import hashlib, json, os, sys

manifest = json.load(open("manifest.json", encoding="utf-8"))
listed, wrong = set(), 0
for entry in manifest["files"]:
    name = entry["name"]
    listed.add(name)
    if not os.path.exists(name):
        print(f"{name}: missing")
        wrong += 1
        continue
    digest, rows = hashlib.sha256(), 0
    with open(name, "rb") as file:
        for line in file:
            digest.update(line)
            rows += 1
    if digest.hexdigest() != entry["sha256"]:
        print(f"{name}: changed since the export")
        wrong += 1
    elif rows != entry.get("rows", 0):
        print(f"{name}: {rows} rows, the manifest has {entry.get('rows', 0)}")
        wrong += 1
    else:
        print(f"{name}: {rows} rows, as exported")
def digest(*texts):
    total = hashlib.sha256()
    for text in texts:
        raw = str(text).encode()
        total.update(len(raw).to_bytes(8, "big") + raw)
    return total.hexdigest()


def commit(word):
    if "salt" not in word:  # it was erased
        return word["sha256"]
    return digest(word["salt"], word.get("person", ""), word.get("text", ""), word.get("name", ""))


# The chain of the journal: each seal covers the one before it, and a row of the journal.
words = {}
with open("journal_words.jsonl", encoding="utf-8") as file:
    for w in map(json.loads, file):
        words[w["journal_id"]] = json.loads(w["words"])
rows = {}
with open("journal.jsonl", encoding="utf-8") as file:
    for r in map(json.loads, file):
        rows[r["id"]] = r
previous, seals = "", 0
with open("journal_seals.jsonl", encoding="utf-8") as file:
    for seal in map(json.loads, file):
        seals += 1
        r = rows.pop(seal["journal_id"], None)
        if r is not None:
            r["request_id"] = r["request_id"] or ""
        names = ("id", "request_id", "at", "kind", "before", "after", "request_digest", "commitment")
        if r is None or seal["seq"] != seals or seal["hash"] != digest(previous, seal["seq"], *(r[n] for n in names)):
            print(f"seal {seal['seq']}: does not fit row {seal['journal_id']} of the journal")
            wrong += 1
        elif r["commitment"] != digest(r["actor"], r["event"], *map(commit, words.get(r["id"], []))):
            print(f"journal row {r['id']}: its words were changed")
            wrong += 1
        previous = seal["hash"]
print(f"chain: {seals} rows sealed, {len(rows)} not yet; the head is {previous or 'none'}")
for name in sorted(os.listdir(".")):
    if name.endswith(".jsonl") and name not in listed:
        print(f"{name}: not in the manifest")
        wrong += 1
sys.exit(1 if wrong else 0)
PYTHON
[ -f manifest.json.sig ] || { echo "manifest.json: not signed"; exit 0; }
command -v ssh-keygen >/dev/null || { echo "ssh-keygen is missing: the signature was not checked"; exit 3; }
ssh-keygen -Y verify -f signer.pub -I licensebot -n licensebot-audit -s manifest.json.sig <manifest.json || exit 1
