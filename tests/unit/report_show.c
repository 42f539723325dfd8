/*
 * Prints the report of a fixture, for a look and for the browser's test:
 *	report-show twenty|empty|huge html|json|text
 */
#include <stdio.h>
#include <string.h>

#include "cmd/report_json.h"
#include "kpi_fixture.h"
#include "report/page.h"

#include "base/banned.h"

int
main(int argc, char **argv)
{
	g_autoptr(kpi_report_auto) report = NULL;
	g_autofree char *text = NULL;
	const char *about = "all queues";

	if (argc != 3) {
		fputs("usage: report-show twenty|empty|huge html|json|text\n",
		    stderr);
		return 64;
	}
	if (strcmp(argv[1], "huge") == 0) {
		report = fixture_huge();
		about = "a_queue_whose_name_is_as_long_as_a_name_may_be_and_"
			"has_no_space_x";
	} else {
		report = strcmp(argv[1], "empty") == 0 ? fixture_empty()
						       : fixture_twenty();
	}
	text = strcmp(argv[2], "json") == 0   ? report_json(report, about)
	       : strcmp(argv[2], "text") == 0 ? report_text(report, about)
					      : report_html(report, about);
	puts(text);
	return 0;
}
