"""Those who send to us, where Postfix asks before it has taken a mail: what is
told to come later stays with them, and comes again as a server's or a mail
program's queue does.

By LMTP Postfix keeps it instead, and nothing is ever here.
"""

import email.utils
import smtplib
import threading
import time

AGAIN_S = 1.0   # as the tests' Postfix
GIVE_UP_S = 240
# A connection that is open so long is held; the mail is not waited for.
HELD_S = 2.0


class Kept:
    """A mail until it is taken. connect() gives a session that may send;
    transact(session, rcpts) is smtplib's send_message() or sendmail()."""

    def __init__(self, courier, connect, transact, rcpts):
        self.courier, self.connect, self.transact = courier, connect, transact
        self.rcpts = rcpts
        self.reason = None  # why it was put off
        self.error = None   # its last word
        self.hurry = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def once(self):
        """True if nobody is left who may get it yet."""
        try:
            with self.connect() as smtp:
                refused = self.transact(smtp, self.rcpts)
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
            if not any(is_later(code) for code, _ in refused.values()):
                raise
        later = {rcpt: reply for rcpt, reply in refused.items()
                 if is_later(reply[0])}
        if later:
            self.rcpts, self.reason = list(later), repr(later)
        return not later

    def attempt(self):
        """True if it is over, well or not."""
        try:
            return self.once()
        except smtplib.SMTPResponseException as error:
            if not is_later(error.smtp_code):
                self.error = error
                return True
            self.reason = repr(error)
        except smtplib.SMTPRecipientsRefused as error:
            self.error = error
            return True
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self.reason = repr(error)
        return False

    def run(self):
        end = time.monotonic() + GIVE_UP_S
        while not self.courier.is_over and not self.attempt():
            if time.monotonic() > end:
                self.error = AssertionError("given up: " + self.reason)
                break
            self.hurry.wait(AGAIN_S)
            self.hurry.clear()
        self.courier.ended(self)


class Courier:
    """All of them; any thread may send."""

    def __init__(self):
        self.kept, self.returned = [], []
        self.lock = threading.Lock()
        self.is_over = False

    def send(self, connect, transact, rcpts):
        """Returns when the mail is taken, put off or held. A refusal raises
        what smtplib does."""
        mail = Kept(self, connect, transact, rcpts)
        with self.lock:
            self.kept.append(mail)
        mail.thread.start()
        end = time.monotonic() + HELD_S
        while mail.thread.is_alive() and not mail.reason \
                and time.monotonic() < end:
            mail.thread.join(0.01)
        with self.lock:
            if mail in self.returned:
                self.returned.remove(mail)
                raise mail.error

    def ended(self, mail):
        with self.lock:
            self.kept.remove(mail)
            if mail.error:
                self.returned.append(mail)

    def flush(self):
        with self.lock:
            for mail in self.kept:
                mail.hurry.set()

    def queue(self):
        """What waits, in the form of postqueue -j. Raises what a mail was
        refused with after it had waited."""
        with self.lock:
            if self.returned:
                raise AssertionError("came back: %r" % self.returned.pop()
                                     .error)
            return [{"queue_name": "deferred" if mail.reason else "active",
                     "recipients": [dict(
                         {"address": rcpt},
                         **{"delay_reason": mail.reason} if mail.reason
                         else {}) for rcpt in mail.rcpts]}
                    for mail in self.kept]

    def stop(self):
        self.is_over = True
        self.flush()


def recipients(message, to):
    """A list of them: of a mail's own fields if `to` is None."""
    if isinstance(to, str):
        return [to]
    return to or [addr for _, addr in email.utils.getaddresses(
        [str(field) for name in ("To", "Cc", "Bcc")
         for field in message.get_all(name, [])])]


def is_later(code):
    """421 closes, and is a temporary word like the others."""
    return 400 <= code < 500
