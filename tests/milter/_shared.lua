-- What the scripts share. They run against a nymdesk-milter that is there:
-- socket is its place, queue an address of ours, mark a word of this run, and
-- shared this file. tests/system/milter.py runs them.

function check(is_so, what)
	if not is_so then
		mt.echo(what) -- miltertest tells nobody what error() says
		error(what)
	end
end

function connect()
	local conn = mt.connect(socket, 10, 0.1)
	check(conn ~= nil, "no connection")
	check(mt.negotiate(conn, 6, nil, nil) == nil, "no negotiation")
	return conn
end

function said(conn, reply, what)
	check(mt.getreply(conn) == reply, what)
end

function from(conn, sender, ...)
	check(mt.mailfrom(conn, sender, ...) == nil, "MAIL got no answer")
	said(conn, SMFIR_CONTINUE, "MAIL was refused")
end

function to(conn, rcpt, mailer, reply)
	check(mt.macro(conn, SMFIC_RCPT, "{rcpt_mailer}", mailer) == nil,
	    "no macro")
	check(mt.rcptto(conn, rcpt) == nil, "RCPT got no answer")
	said(conn, reply or SMFIR_CONTINUE, "wrong answer to RCPT " .. rcpt)
end

function head(conn, subject)
	check(mt.data(conn) == nil, "DATA got no answer")
	said(conn, SMFIR_CONTINUE, "DATA was refused")
	check(mt.header(conn, "From", "rider@players.example") == nil, "From")
	check(mt.header(conn, "Subject", subject .. " " .. mark) == nil,
	    "Subject")
	check(mt.header(conn, "Message-ID", "<" .. subject .. "." .. mark ..
	    "@players.example>") == nil, "Message-ID")
end

function text(conn, body)
	check(mt.eoh(conn) == nil, "the header's end got no answer")
	said(conn, SMFIR_CONTINUE, "the header was refused")
	check(mt.bodystring(conn, body) == nil, "the body got no answer")
end

function ends(conn, reply, ...)
	check(mt.eom(conn) == nil, "the end got no answer")
	said(conn, reply, "wrong answer at the end")
	if ... then
		check(mt.eom_check(conn, MT_SMTPREPLY, ...),
		    "wrong words at the end")
	end
	check(not mt.eom_check(conn, MT_HDRADD) and
	    not mt.eom_check(conn, MT_HDRINSERT) and
	    not mt.eom_check(conn, MT_HDRCHANGE) and
	    not mt.eom_check(conn, MT_HDRDELETE) and
	    not mt.eom_check(conn, MT_RCPTADD, queue) and
	    not mt.eom_check(conn, MT_RCPTDELETE, queue) and
	    not mt.eom_check(conn, MT_BODYCHANGE) and
	    not mt.eom_check(conn, MT_QUARANTINE), "it wants to change a mail")
end

sender = "<rider@players.example>"
other = "<somebody@else.example>"
ours = "<" .. queue .. ">"
domain = string.match(queue, "@(.*)")
