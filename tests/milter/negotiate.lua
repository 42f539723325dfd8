-- What it wants of an MTA, and that it wants to change nothing.
dofile(shared)
local conn = connect()

for _, option in ipairs({SMFIP_NOCONNECT, SMFIP_NOHELO, SMFIP_NOUNKNOWN}) do
	check(mt.test_option(conn, option), "it wants to know who sends")
end
for _, option in ipairs({SMFIP_NOMAIL, SMFIP_NORCPT, SMFIP_NODATA,
    SMFIP_NOHDRS, SMFIP_NOEOH, SMFIP_NOBODY}) do
	check(not mt.test_option(conn, option), "it does not want the mail")
end
for _, action in ipairs({SMFIF_ADDHDRS, SMFIF_CHGBODY, SMFIF_ADDRCPT,
    SMFIF_DELRCPT, SMFIF_CHGHDRS, SMFIF_QUARANTINE, SMFIF_CHGFROM}) do
	check(not mt.test_action(conn, action), "it wants to change mails")
end
mt.disconnect(conn)

-- An MTA of 2003, whose header values are not as they came.
conn = mt.connect(socket)
check(mt.negotiate(conn, 2, 0x3f, 0x7f) ~= nil, "it takes any MTA")
mt.echo("ok")
