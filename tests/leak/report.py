"""The report of a run: finds by row, and what was done."""

import collections
import email
import os
import time

import rows
import shapes
import slots
from planted import all_text


class Report:
    """A part of run.Test."""

    def attribute(self, hit):
        """Rows of a find of the sender's own name or address in a text: by
        the coding it was written in."""
        mail = self.run.mails.get(hit.mail)
        if mail is None or hit.place != "AG" \
                or hit.where not in ("body", "part"):
            return slots.ROW.get(hit.code, "?"), ""
        with open(hit.path, "rb") as file:
            copy = email.message_from_bytes(file.read())
        text = all_text(copy).decode("utf-8", "replace").replace("\r", "")
        for name, shown in mail.codings:
            if shown.replace("\r", "") in text:
                row = shapes.TEXT_CODINGS[name][0]
                is_name = "n" in shapes.TEXT_CODINGS[name][1] \
                    and "@" not in shown
                return row or ("B3" if is_name else "B1"), name
        return slots.ROW.get(hit.code, "?"), "in other words"

    def report_leaks(self):
        groups = collections.defaultdict(list)
        # What has no register is of the mail in whose copy it was found.
        serials = {kept.path: serial for serial, copies
                   in self.run.copies.items() for kept in copies}
        for hit in self.judge.leaks():
            if hit.mail is None:
                hit = hit._replace(mail=serials.get(hit.path))
            row = slots.ROW.get(hit.code, "?")
            how = hit.form
            if hit.code in ("H1.local", "H1.first", "H1.last", "S6.local",
                            "S9.domain", "B2.other"):
                row, how = self.attribute(hit)
                how = how or hit.form
            flow = self.run.mails[hit.mail].flow if hit.mail in \
                self.run.mails else "-"
            if flow == "malformed" and row[0] not in "B?":
                row = "M19"
            groups[row, hit.code or "?", hit.place, hit.where, flow,
                   how].append(hit)
        self.leaky = collections.defaultdict(list)
        for key, hits in groups.items():
            self.leaky[key[0]].append((key, hits))
        known = rows.with_slot()
        for row in [row for row in rows.ROWS if row in known] \
                + sorted(set(self.leaky) - known):
            if row in self.leaky:
                self.report_row(row, self.leaky[row])
            else:
                self.result("row " + row, True)

    def report_row(self, row, groups):
        groups.sort(key=lambda item: (-len(item[1]), item[0]))
        lines = []
        for (_, code, place, where, flow, how), hits in groups[:40]:
            mail = min((hit.mail or 0) for hit in hits)
            hint = "--show %d" % mail if mail else "in " + os.path.relpath(
                hits[0].path, self.world.dir)
            lines.append("    %4d x %-10s in %s %s, flow %s, as %s; %s" % (
                len(hits), code, place, where, flow, how, hint))
        self.result("row " + row, False, "%d places\n%s" % (
            sum(len(hits) for _, hits in groups), "\n".join(lines)))

    def show(self):
        """The mail of --show and what became of it."""
        for serial in self.args.show:
            mail = self.run.mails[serial]
            print("=== mail %d (%s), slots %s, codings %s" % (
                serial, mail.flow, " ".join(mail.used),
                [name for name, _ in mail.codings]))
            print(mail.data.decode("utf-8", "replace"))
            for copy in self.run.copies.get(serial, []) + \
                    self.run.answers.get(mail.answered, []):
                print("=== copy\n%s\n=== its text\n%s" % (
                    copy.parse().as_bytes().decode("utf-8", "replace"),
                    all_text(copy.parse()).decode("utf-8", "replace")))
            for hit in self.judge.leaks():
                if hit.mail == serial:
                    print("=== find %s in %s %s as %s: %s" % (
                        hit.code, hit.place, hit.where, hit.form, hit.path))

    def print_report(self, begin):
        run = self.run
        planted = sum(run.mint.planted.values())
        failed = [name for name, ok, _ in self.results if not ok]
        print("seed %s, %d mails, %d tokens in %d slots, %d languages, "
              "%d clients, %d codings" % (
                  self.args.seed, len(run.mails), planted,
                  len(run.mint.planted), len(shapes.LANGUAGES),
                  len(shapes.CLIENTS), sum(map(len, (
                      shapes.TEXT_CODINGS, shapes.TRANSPORTS,
                      shapes.HEADER_CODINGS, shapes.FILE_NAMES)))))
        print("mails taken: " + ", ".join(
            "%s %d" % item for item in sorted(self.sent.items())))
        print("read: %d files and mails, %d octets; %d mails' wanted tokens "
              "looked for" % (self.judge.files, self.judge.octets, self.kept))
        for row in rows.ROWS:
            if row not in rows.with_slot():
                print("row %s: %s" % (row, "; ".join(rows.checked_by(row))))
        for rule in self.judge.rules:
            print("exception %s: %d finds" % (rule["name"], rule["used"]))
        leaks = sum(len(hits) for groups in self.leaky.values()
                    for _, hits in groups)
        print("%d finds outside the exceptions; 0 of %d would bound the "
              "chance of a find below %.1e (95 %%)" % (
                  leaks, planted, 3 / planted))
        for text in run.skipped:
            print("skip " + text)
        print("times: " + ", ".join("%s %.0fs" % item for item in
                                    run.times.items())
              + ", all %.0fs" % (time.monotonic() - begin))
        print("leak: %d passed, %d failed" % (
            len(self.results) - len(failed), len(failed)))
