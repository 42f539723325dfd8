-- A mail of ours: every callback in turn, and again in the same session.
dofile(shared)
local conn = connect()

for _, subject in ipairs({"first", "second"}) do
	from(conn, sender, "SIZE=200")
	to(conn, ours, "nymdesk")
	head(conn, subject)
	text(conn, "Where is it?\r\n.\r\n" .. mark .. "\r\n")
	ends(conn, SMFIR_DISCARD)
end
mt.disconnect(conn)
mt.echo("ok")
