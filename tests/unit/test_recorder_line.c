/* test_recorder_line.c - status logs: keys, their order, what is in them */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "master/recorder_line.h"

#define WANT                                                                   \
	"Status: CPULd 22 DskIO 0 RAMUtil 11 QKUsd 2 QKFre 3 CrtMID 1 "        \
	"CrtICID "                                                             \
	"0 CrtDCID 0 InjMsg 4 InjRcp 0 GenBncRcp 0 RejRcp 0 DrpMsg 0 "         \
	"SftBncEvnt 0 CmpRcp 0 HrdBncRcp 0 DnsHrdBnc 0 5XXHrdBnc 6 "           \
	"FltrHrdBnc "                                                          \
	"0 ExpHrdBnc 0 OtrHrdBnc 0 DlvRcp 0 DelRcp 0 GlbUnsbHt 0 ActvRcp 0 "   \
	"UnatmptRcp 0 AtmptRcp 0 CrtCncIn 0 CrtCncOut 0 DnsReq 0 NetReq 0 "    \
	"CchHit 0 CchMis 0 CchEct 0 CchExp 0 CPUTTm 2 CPUETm 60 MaxIO 0 "      \
	"RAMUsd 0 MMLen 0 DstInMem 0 ResCon 999 WorkQ 0 QuarMsgs 0 QuarQKUsd " \
	"0 LogUsd "

static void
test_the_line(void **state)
{
	struct recorder_counts counts = { .reset = { 0 } };
	struct recorder_status st = { .now = 61999,
		.up_since = 1000,
		.counts = &counts,
		.cpu = { [CPU_MTA] = 13,
		    [CPU_ANTI_SPAM] = 2,
		    [CPU_ANTI_VIRUS] = -1,
		    [CPU_QUARANTINE] = 3,
		    [CPU_REPORTING] = 4 } };
	struct err err = ERR_INIT;
	char avail[RECORDER_AVAIL_MAX];
	struct event_STATUS e;
	struct stats *s;
	struct buf b;
	int fd;

	(void)state;
	s = stats_create(&fd, &err);
	assert_non_null(s);
	close(fd);
	st.stats = s;
	st.logs = open("/", O_RDONLY | O_DIRECTORY);
	stats_use_slot(s, 1);
	stats_next_id(s, STATS_MID);
	stats_add(s, STATS_messages_received, 7);
	counts.reset[STATS_messages_received] = 3;
	stats_add(s, STATS_fivexx_hard_bounces, 6);
	stats_add(s, STATS_cpu_mta, 2999999);
	stats_gauge_set(s, STATS_GAUGE_disk_io, -1);
	stats_gauge_set(s, STATS_GAUGE_ram_utilization, 11);
	stats_gauge_set(s, STATS_GAUGE_queue_bytes, 2 * 1024 + 5);
	stats_gauge_set(s, STATS_GAUGE_queue_free, 3 * 1024);
	stats_gauge_set(s, STATS_GAUGE_resource_conservation, 999);
	recorder_line(&st, &e, avail);
	buf_init(&b, 10000);
	event_text(EVENT_STATUS, &e, &b);
	if (!str_starts(buf_str(&b), str_of(WANT)))
		fail_msg("%.*s", STR_ARG(buf_str(&b)));
	assert_true(e.LogUsd <= 100);
	assert_int_equal(e.LogAvail.p[e.LogAvail.n - 1], 'G');
	assert_non_null(strstr(b.data, " SophLd 0 BMLd 0 CASELd 2 "));
	assert_non_null(strstr(b.data, " TotalLd 22 LogAvail "));
	assert_non_null(strstr(b.data, " RptLd 4 QtnLd 3 EncrQ 0 InjBytes 0"));
	buf_fini(&b);
	close(st.logs);
	stats_unmap(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
