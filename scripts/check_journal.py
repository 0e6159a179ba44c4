#!/usr/bin/env python3
"""Checks journals of Splunk buckets with a reader that shares no code with coldsweep.

    check_journal.py FOLDER

Each journal in FOLDER (NAME.gz, NAME.zst or NAME.journal) stands beside NAME.jsonl: one array a line,
in the order of the journal's events, of time in milliseconds, host, source, source type and raw
text. The reader is splunk-ddss-extractor (on PyPI); it reads no lz4, and of zstd only one frame,
so that frames are undone here, with zstandard, which it needs itself. Exit status: 0 all agree, 1
one does not, 77 it is not installed.
"""

import gzip
import io
import json
import pathlib
import sys


def unpacked(path):
    """The bytes of a journal."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        import zstandard

        reader = zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True)
        return reader.read()
    return path.read_bytes()


def without(prefix, text):
    return text.removeprefix(prefix + "::")


def rows(decoder, event):
    """The events that a decoder finds, as NAME.jsonl has them."""
    while decoder.scan():
        found = event(decoder)
        yield [
            found["time"],
            without("host", found["host"]),
            without("source", found["source"]),
            without("sourcetype", found["sourcetype"]),
            found["event"],
        ]
    if decoder.err():
        raise decoder.err()


def main():
    try:
        import splunk_ddss_extractor as ddss
    except ModuleNotFoundError:
        print("splunk-ddss-extractor is not installed")
        return 77
    journals = events = 0
    for expected_path in sorted(pathlib.Path(sys.argv[1]).glob("*.jsonl")):
        with expected_path.open(encoding="utf-8") as lines:
            expected = [json.loads(line) for line in lines]
        for suffix in [".gz", ".zst", ".journal"]:
            path = expected_path.with_suffix(suffix)
            if not path.exists():
                continue
            data = unpacked(path)
            # It has two decoders, which share little.
            readers = {
                "Python": rows(
                    ddss.JournalDecoder(io.BufferedReader(io.BytesIO(data))),
                    lambda decoder: decoder.get_event().to_normalized_dict(),
                ),
                "native": rows(
                    ddss.NativeJournalDecoder(io.BytesIO(data)), lambda decoder: decoder.get_event()
                ),
            }
            for name, found in readers.items():
                found = list(found)
                for at, (one, other) in enumerate(zip(found, expected)):
                    if one != other:
                        sys.exit(f"{path}: {name}: event {at}:\n{one}\nis not\n{other}")
                if len(found) != len(expected):
                    sys.exit(f"{path}: {name}: {len(found)} events, not {len(expected)}")
            journals += 1
            events += len(expected)
    print(f"splunk-ddss-extractor: {events} events in {journals} journals agree")
    return 0 if journals else 1


if __name__ == "__main__":
    sys.exit(main())
