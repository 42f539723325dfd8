-- Who may be a recipient beside whom, and who at all.
dofile(shared)
local conn = connect()

from(conn, sender)
to(conn, ours, "nymdesk")
to(conn, other, "smtp", SMFIR_REPLYCODE)
to(conn, ours, "nymdesk")
to(conn, "<nobody@" .. domain .. ">", "nymdesk", SMFIR_REPLYCODE)
mt.abort(conn)

from(conn, sender)
to(conn, other, "smtp")
to(conn, ours, "nymdesk", SMFIR_REPLYCODE)
to(conn, other, "smtp")
mt.abort(conn)

from(conn, sender)
for _ = 1, 64 do
	to(conn, ours, "nymdesk")
end
to(conn, ours, "nymdesk", SMFIR_REPLYCODE)
head(conn, "many")
text(conn, "Where is it?\r\n")
ends(conn, SMFIR_DISCARD)

-- Nobody is left, so nothing may pass.
from(conn, sender)
to(conn, "<nobody@" .. domain .. ">", "nymdesk", SMFIR_REPLYCODE)
check(mt.data(conn) == nil, "DATA got no answer")
said(conn, SMFIR_REPLYCODE, "a mail of nobody passes")
mt.disconnect(conn)
mt.echo("ok")
