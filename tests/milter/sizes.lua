-- Over size: as it was declared, and as it came. The world takes 100,000.
dofile(shared)
local conn = connect()

from(conn, sender, "SIZE=100001")
to(conn, ours, "nymdesk", SMFIR_REPLYCODE)
to(conn, other, "smtp")
mt.abort(conn)

from(conn, sender)
to(conn, ours, "nymdesk")
head(conn, "large")
text(conn, string.rep(string.rep("x", 70) .. "\r\n", 800))
said(conn, SMFIR_CONTINUE, "a body is refused too early")
check(mt.bodystring(conn, string.rep(string.rep("x", 70) .. "\r\n", 800)) ==
    nil, "the body got no answer")
said(conn, SMFIR_SKIP, "more is read than is wanted")
ends(conn, SMFIR_REPLYCODE, "552", "5.3.4", "Message too big")

from(conn, sender)
to(conn, ours, "nymdesk")
head(conn, "line")
text(conn, string.rep("x", 65000))
said(conn, SMFIR_CONTINUE, "a line is refused too early")
check(mt.bodystring(conn, string.rep("x", 600)) == nil, "no answer")
ends(conn, SMFIR_REPLYCODE, "554", "5.6.0", "Line too long in message")
mt.disconnect(conn)
mt.echo("ok")
