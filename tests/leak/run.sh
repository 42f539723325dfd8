#!/bin/sh
# The leak test:
#	ND_BUILD=build sh tests/leak/run.sh [--mails N] [--seed S] [--full]
#	    [--way lmtp|milter|smtp] [--show MAIL]
#	    [--flows new,follow,agent,steer,bounce,lmtp,fault,epoch]
# Plants tokens in every slot of 2,000 mails (--full: 20,000), sends them every
# way, and reads every file and every mail that is left. --show prints a mail
# of the report and its copy. rows.py has the list of what must not get out and
# where each row is tested. Quick: --mails 30 --flows new,follow,agent,steer,bounce.
# Ends with 1 if a token was found that
# exceptions.conf does not name, or one that must arrive did not.
exec python3 "$(dirname "$0")/run.py" "$@"
