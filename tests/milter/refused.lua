-- What a worker says no to. A member of the queue who has not logged in gets
-- the same answer at the queue's address and at one of a ticket.
dofile(shared)
local conn = connect()
local ticket = string.gsub(ours, "@", "+k7f39q2y-0123456789abc@")

for _, rcpt in ipairs({ours, ticket}) do
	from(conn, "<anna@agents.example>")
	to(conn, rcpt, "nymdesk")
	mt.data(conn)
	mt.header(conn, "From", "anna@agents.example")
	mt.header(conn, "Subject", "forged " .. mark)
	text(conn, "Pay him.\r\n")
	ends(conn, SMFIR_REPLYCODE, "550", "5.7.1",
	    "This sender has to log in, send through the submission service")
end

from(conn, sender)
to(conn, ours, "nymdesk")
head(conn, "groups")
mt.header(conn, "Cc", string.rep("a:", 300))
text(conn, "Where is it?\r\n")
ends(conn, SMFIR_REPLYCODE, "554", "5.6.0",
    "Too many headers or parts, send a plain text")
mt.disconnect(conn)
mt.echo("ok")
