#include "rules/common.h"

#include <string.h>

#include "base/banned.h"

gboolean
word_is_common(const char *word)
{
	static const char *const common[] = {"and", "dal", "das", "del",
	    "dem", "den", "der", "des", "die", "dos", "frau", "für", "herr",
	    "les", "madame", "miss", "mme", "monsieur", "mrs", "prof", "the",
	    "und", "van", "ver", "vom", "von", "zum", "zur", "κος", "κυρία",
	    "κύριος", "του", "της", NULL};

	return g_strv_contains(common, word);
}

gboolean
word_is_topic(const char *word)
{
	static const char *const topics[] = {"account", "admin", "bet", "bets",
	    "billing", "bitcoin", "bonus", "btc", "casino", "cash", "coin",
	    "coins", "contact", "crypto", "deposit", "email", "eth",
	    "finance", "game", "gamer", "games", "gaming", "hello", "help",
	    "home", "info", "kontakt", "kyc", "lucky", "mail", "mailbox",
	    "mailer-daemon", "money", "no-reply", "noreply", "office", "play",
	    "player", "poker", "post", "postmaster", "privacy", "privat",
	    "private", "reply", "sales", "security", "service", "slot",
	    "slots", "spam", "support", "team", "test", "usdt", "user", "vip",
	    "wallet", "web", "webmaster", "win", "winner", "withdrawal",
	    "work", NULL};

	return g_strv_contains(topics, word) || word_is_common(word);
}

static const char *const google[] = {"gmail.com", "googlemail.com", NULL};
static const char *const proton[] = {"proton.me", "protonmail.com", "pm.me",
    "protonmail.ch", NULL};
static const char *const microsoft[] = {"hotmail.com", "outlook.com",
    "live.com", "msn.com", "hotmail.de", "outlook.de", "live.de",
    "hotmail.fr", "outlook.fr", "live.fr", "hotmail.es", "outlook.es",
    "hotmail.it", "outlook.it", "live.it", "hotmail.gr", "outlook.com.gr",
    "hotmail.co.uk", "live.co.uk", "outlook.com.br", "hotmail.com.br",
    "hotmail.com.tr", "outlook.com.tr", "outlook.pt", "live.com.pt", NULL};
static const char *const yandex[] = {"yandex.ru", "ya.ru", "yandex.com",
    "yandex.by", "yandex.kz", "yandex.ua", "yandex.com.tr", "narod.ru", NULL};
static const char *const apple[] = {"icloud.com", "me.com", "mac.com", NULL};
static const char *const yahoo[] = {"yahoo.com", "ymail.com",
    "rocketmail.com", "yahoo.de", "yahoo.fr", "yahoo.es", "yahoo.it",
    "yahoo.gr", "yahoo.co.uk", "yahoo.com.br", "yahoo.com.tr", NULL};
static const char *const gmx[] = {"gmx.de", "gmx.net", "gmx.at", "gmx.ch",
    "gmx.com", "gmx.org", "gmx.eu", "gmx.fr", "gmx.es", NULL};
static const char *const fastmail[] = {"fastmail.com", "fastmail.fm", NULL};
static const char *const tuta[] = {"tutanota.com", "tutanota.de", "tuta.com",
    "tuta.io", "tutamail.com", "keemail.me", NULL};
static const char *const *const groups[] = {google, proton, microsoft, yandex,
    apple, yahoo, gmx, fastmail, tuta};

const char *const *
domain_aliases(const char *domain)
{
	for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
		if (g_strv_contains(groups[i], domain))
			return groups[i];
	return NULL;
}

gboolean
domain_is_public(const char *domain)
{
	static const char *const hosts[] = {"aol.com", "arcor.de", "bk.ru",
	    "bol.com.br", "centrum.cz", "comcast.net", "forthnet.gr",
	    "free.fr", "freemail.hu", "freenet.de", "hotmail.nl", "hushmail.com",
	    "inbox.ru", "interia.pl", "laposte.net", "libero.it", "list.ru",
	    "mail.com", "mail.de", "mail.ru", "mailbox.org", "mynet.com",
	    "o2.pl", "onet.pl", "op.pl", "orange.fr", "otenet.gr",
	    "posteo.de", "qq.com", "rambler.ru", "sapo.pt", "seznam.cz",
	    "sfr.fr", "t-online.de", "telefonica.net", "terra.com.br",
	    "tiscali.it", "ukr.net", "uol.com.br", "virgilio.it",
	    "wanadoo.fr", "web.de", "wp.pl", "zoho.com", "163.com", NULL};

	return g_strv_contains(hosts, domain) ||
	    domain_aliases(domain) != NULL;
}
