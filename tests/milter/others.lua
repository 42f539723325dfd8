-- Mails for others pass at DATA and not before, as a recipient may be ours.
dofile(shared)
local conn = connect()

for _ = 1, 3 do
	from(conn, sender, "SIZE=999999999", "RET=HDRS")
	to(conn, other, "smtp")
	to(conn, "<nobody@" .. domain .. ">", "local")
	check(mt.data(conn) == nil, "DATA got no answer")
	said(conn, SMFIR_ACCEPT, "others are looked at")
end
mt.disconnect(conn)
mt.echo("ok")
