-- An abort in each state, and then a mail that has nothing of what was before.
dofile(shared)
local conn = connect()
local steps = {
	function() from(conn, sender, "SIZE=100001") end,
	function() from(conn, sender) to(conn, ours, "nymdesk") end,
	function() head(conn, "aborted") end,
	function() text(conn, "a\nb") end,
}

for last = 1, #steps do
	for i = 1, last do
		if i > 1 or last == 1 then
			steps[i]()
		end
	end
	check(mt.abort(conn) == nil, "no abort")
	from(conn, sender)
	to(conn, ours, "nymdesk")
	head(conn, "after" .. last)
	text(conn, "Where is it?\r\n")
	ends(conn, SMFIR_DISCARD)
end
mt.disconnect(conn, false)
mt.echo("ok")
