-- CR and LF on their own, in all places.
dofile(shared)
local conn = connect()

for _, body in ipairs({"a\nb\r\n", "a\rb\r\n", "a\r\n.\n", "a\r"}) do
	from(conn, sender)
	to(conn, ours, "nymdesk")
	head(conn, "bare")
	text(conn, body)
	ends(conn, SMFIR_REPLYCODE, "550", "5.6.0", "Bare CR or LF in message")
end
for _, value in ipairs({"a\rb", "a\nBcc: c", "a\n", "a\n\n b"}) do
	from(conn, sender)
	to(conn, ours, "nymdesk")
	head(conn, "bare")
	check(mt.header(conn, "X", value) == nil, "no field")
	text(conn, "a\r\n")
	ends(conn, SMFIR_REPLYCODE, "550", "5.6.0", "Bare CR or LF in message")
end
mt.disconnect(conn)
mt.echo("ok")
