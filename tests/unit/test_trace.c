/* test_trace.c - the report of trace, word for word (receiving 2.5 to 2.9) */
#include <jansson.h>
#include <stdlib.h>

#include "tests/unit/pipeline_world.h"
#include "trace/answer.h"
#include "trace/ask.h"
#include "trace/trace.h"
#include "trace/way.h"

static const char yaml[] =
    "hostname: mail3.example.com\n"
    "interfaces: [{name: Net, ip: 192.0.2.10},\n"
    "  {name: PublicNet2, ip: 192.0.2.11}]\n"
    "bounce_profiles: [{name: Quick}]\n"
    "aliases: aliases\n"
    "altsrchost: altsrchost\n"
    "listeners:\n"
    "- name: InboundMail\n"
    "  type: public\n"
    "  interface: Net\n"
    "  reputation: yes\n"
    "  domain_map: map\n"
    "  hat:\n"
    "    policies:\n"
    "    - {name: $ACCEPTED, behaviour: ACCEPT, tls: off,\n"
    "       max_message_size: 20K, exception_table: yes}\n"
    "    groups:\n"
    "    - {name: LOOKED_AT, policy: CONTINUE, entries: [192.0.2.0/24]}\n"
    "    - {name: SILENT, policy: TCPREFUSE, entries: [192.0.2.99]}\n"
    "    - {name: SCORE, policy: $BLOCKED, entries: "
    "[\"sbrs[-10.0:-3.0]\"]}\n"
    "    - {name: UNKNOWNLIST, policy: $ACCEPTED, entries: "
    "[\"sbrs[-1.0:10.0]\"]}\n"
    "    - {policy: REJECT, entries: [198.51.100.1]}\n"
    "    - {name: ALL, policy: $ACCEPTED}\n"
    "  rat:\n"
    "  - {accept: postmaster@example.com, bypass_receiving_control: yes,\n"
    "     bypass_ldap_accept: yes, reply: 250 welcome}\n"
    "  - example.com\n"
    "- name: OutboundMail\n"
    "  type: private\n"
    "  interface: Net\n"
    "  port: 26\n"
    "  default_domain: example.com\n"
    "  bounce_profile: Quick\n"
    "  masquerade: {table: masquerade, envelope_sender: yes}\n"
    "  hat:\n"
    "    groups: [{name: RELAYLIST, policy: $RELAYED,\n"
    "      entries: [192.0.2.140, .int.example.com]}]\n"
    "- name: Sink\n"
    "  type: sinkhole-noqueue\n"
    "  interface: Net\n"
    "  port: 27\n"
    "  hat: {groups: [{name: ALL, policy: RELAY}]}\n";

static const struct world_file tables[] = {
	{ "tables/map", "@legacy.example.net @example.com\n" },
	{ "tables/masquerade", "@.int.example.com @example.com\n" },
	{ "tables/aliases",
	    "[example.com]\nhelpdesk: anna@example.net, ben@example.net\n" },
	{ "tables/altsrchost", "@eng.int.example.com PublicNet2\n" },
};

/* One dry run: answers as typed in, the report as text comes out. */
struct dry_run {
	struct trace_answers answers;
	struct trace_input input;
	struct trace_report report;
	struct arena mem;
	struct buf text;
};
static struct dry_run *session_run(const char *ip, const char *fqdn,
    const char *score, const char *listener, const char *sender,
    const char *rcpts, const char *message);
static struct dry_run *session_of(struct config *, const char *ip,
    const char *fqdn, const char *score, const char *listener,
    const char *sender, const char *rcpts, const char *message);
static void session_end(struct dry_run *);
static void expect_text(struct dry_run *, const char *want);
static const char *after(const struct dry_run *, const char *mark);

static const char report_a[] =
    "HAT matched on sender group RELAYLIST, host 192.0.2.140\n"
    " - Applying $RELAYED policy (RELAY behavior).\n"
    "   - Maximum Message Size: 100M (Default)\n"
    "   - Maximum Number Of Connections From A Single IP: 600 "
    "(Default)\n"
    "   - Maximum Number Of Messages Per Connection: 10,000 (Default)\n"
    "   - Maximum Number Of Recipients Per Message: 100,000 (Default)\n"
    "   - Maximum Recipients Per Hour: Disabled (Default)\n"
    "   - Maximum Recipients Per Envelope Sender: Disabled (Default)\n"
    "   - Directory Harvest Attack Prevention: Disabled (Default)\n"
    "   - Use SenderBase For Flow Control: No (Default)\n"
    "   - Spam Detection Enabled: No\n"
    "   - Virus Detection Enabled: Yes (Default)\n"
    "   - Allow TLS Connections: No (Default)\n"
    "   - Allow SMTP Authentication: No (Default)\n"
    "   - Envelope Sender DNS Verification Enabled: No (Default)\n"
    "   - Domain Exception Table Enabled: No (Default)\n"
    "\n"
    "Processing MAIL FROM:\n"
    " - Default Domain Processing: No Change\n"
    " - Masquerading: joe@eng.int.example.com masqueraded to "
    "joe@example.com\n"
    "\n"
    "Processing Recipient List:\n"
    "Processing helpdesk\n"
    " - Default Domain Processing: helpdesk changed to "
    "helpdesk@example.com\n"
    " - Domain Map: No Change\n"
    " - RAT: Not Applicable\n"
    " - Alias expansion: helpdesk@example.com expanded to "
    "anna@example.net, ben@example.net\n"
    "Processing zoe@example.org\n"
    " - Default Domain Processing: No Change\n"
    " - Domain Map: No Change\n"
    " - RAT: Not Applicable\n"
    " - Alias expansion: No Change\n"
    "\n"
    "Message Processing:\n"
    " - Virtual Gateway(tm) PublicNet2 Assigned (matched on "
    "@eng.int.example.com)\n"
    " - Bounce Profile Quick Assigned (listener)\n"
    "\n"
    "Domain Masquerading/LDAP Processing:\n"
    " - From: joe@eng.int.example.com masqueraded to "
    "joe@example.com\n"
    "\n"
    "No active message filters.\n"
    "\n"
    "Outbound Recipient Policy Processing: (matched on policy "
    "DEFAULT)\n"
    "Message going to:  anna@example.net, ben@example.net, "
    "zoe@example.org\n"
    "\n"
    "AntiSpam Evaluation:\n"
    " - Skipped (mail flow policy)\n"
    "\n"
    "AntiVirus Evaluation:\n"
    " - Scanning Disabled\n"
    "\n"
    "Content Filter Processing:\n"
    " - Not Performed\n"
    "\n"
    "Footer Stamping:\n"
    " - Not Performed\n"
    "\n"
    "Message Enqueued for Delivery\n";

static const char result_a[] =
    "Final text for messages matched on policy DEFAULT\n"
    "Final Envelope Sender:  joe@example.com\n"
    "Final Recipients:\n"
    " - anna@example.net\n"
    " - ben@example.net\n"
    " - zoe@example.org\n"
    "\n"
    "Final Message Content:\n"
    "\n"
    "Received: from ws7.int.example.com (HELO TEST) (192.0.2.140)\n"
    "  by mail3.example.com with TEST; 03 Mar 2025 10:15:02 "
    "+0000\n"
    "Message-ID: <1955b807c70.0@mail3.example.com>\n"
    "From: Joe <joe@example.com>\n"
    "To: helpdesk@example.com\n"
    "Subject: printer\n"
    "\n"
    "The printer is on fire.\n";

static void
test_transcript_a_relayed_message(void **state)
{
	struct dry_run *s = session_run("192.0.2.140", "ws7.int.example.com",
	    "", "OutboundMail", "joe@eng.int.example.com",
	    "helpdesk, zoe@example.org",
	    "From: Joe <joe@eng.int.example.com>\nTo: helpdesk@example.com\n"
	    "Subject: printer\n\nThe printer is on fire.\n");
	struct buf result;

	(void)state;
	expect_text(s, report_a);
	buf_init(&result, 1 << 20);
	trace_text_result(&s->report, &result);
	assert_string_equal(result.data, result_a);
	buf_fini(&result);
	session_end(s);
}

static const char report_b[] =
    " - Sender group LOOKED_AT matched on 192.0.2.0/24, behavior "
    "CONTINUE\n"
    "HAT matched on sender group UNKNOWNLIST, host sbrs[-1.0:10.0]\n"
    " - Applying $ACCEPTED policy (ACCEPT behavior).\n"
    "   - Maximum Message Size: 20K\n"
    "   - Maximum Number Of Connections From A Single IP: 10 "
    "(Default)\n"
    "   - Maximum Number Of Messages Per Connection: 10 (Default)\n"
    "   - Maximum Number Of Recipients Per Message: 50 (Default)\n"
    "   - Maximum Recipients Per Hour: Disabled (Default)\n"
    "   - Maximum Recipients Per Envelope Sender: Disabled (Default)\n"
    "   - Directory Harvest Attack Prevention: 25 (Default)\n"
    "   - Use SenderBase For Flow Control: Yes (Default)\n"
    "   - Spam Detection Enabled: Yes (Default)\n"
    "   - Virus Detection Enabled: Yes (Default)\n"
    "   - Allow TLS Connections: No\n"
    "   - Allow SMTP Authentication: No (Default)\n"
    "   - Envelope Sender DNS Verification Enabled: No (Default)\n"
    "   - Domain Exception Table Enabled: Yes\n"
    "\n"
    "Processing MAIL FROM:\n"
    " - Default Domain Processing: No Change\n"
    " - Domain Exception Table: No Match\n"
    "\n"
    "Processing Recipient List:\n"
    "Processing alice@example.com\n"
    " - Default Domain Processing: No Change\n"
    " - Domain Map: No Change\n"
    " - RAT matched on example.com, behavior = ACCEPT\n"
    " - Alias expansion: No Change\n"
    "Processing bob@legacy.example.net\n"
    " - Default Domain Processing: No Change\n"
    " - Domain Map: bob@legacy.example.net mapped to "
    "bob@example.com\n"
    " - RAT matched on example.com, behavior = ACCEPT\n"
    " - Alias expansion: No Change\n"
    "Processing POSTMASTER@example.com\n"
    " - Default Domain Processing: No Change\n"
    " - Domain Map: No Change\n"
    " - RAT matched on postmaster@example.com, behavior = ACCEPT, "
    "bypass receiving control, bypass LDAP accept, response = \"250 "
    "welcome\"\n"
    " - Alias expansion: No Change\n"
    "Processing eve@example.org\n"
    " - Default Domain Processing: No Change\n"
    " - Domain Map: No Change\n"
    " - RAT matched on ALL, behavior = REJECT\n"
    " - Recipient would be rejected.\n"
    "\n"
    "Message Processing:\n"
    " - No Virtual Gateway(tm) Assigned\n"
    " - No Bounce Profile Assigned\n"
    "\n"
    "Domain Masquerading/LDAP Processing:\n"
    " - No Changes.\n"
    "\n"
    "No active message filters.\n"
    "\n"
    "Inbound Recipient Policy Processing: (matched on policy DEFAULT)\n"
    "Message going to:  alice@example.com, bob@example.com, "
    "POSTMASTER@example.com\n"
    "\n"
    "AntiSpam Evaluation:\n"
    " - Scanning Disabled\n"
    "\n"
    "AntiVirus Evaluation:\n"
    " - Scanning Disabled\n"
    "\n"
    "Content Filter Processing:\n"
    " - Not Performed\n"
    "\n"
    "Footer Stamping:\n"
    " - Not Performed\n"
    "\n"
    "Message Enqueued for Delivery\n";

static void
test_transcript_b_inbound(void **state)
{
	struct dry_run *s = session_run("192.0.2.55", "mta1.example.net", "2.1",
	    "InboundMail", "news@example.net",
	    "alice@example.com, bob@legacy.example.net, "
	    "POSTMASTER@example.com, eve@example.org",
	    "From: News <news@example.net>\nTo: alice@example.com\n"
	    "Subject: March newsletter\n\nHello.\n");

	(void)state;
	expect_text(s, report_b);
	session_end(s);
}

static void
test_transcript_c_and_other_refusals(void **state)
{
	static const struct {
		const char *why, *ip, *fqdn, *score, *want;
	} table[] = {
		{ "transcript (c)", "2001:db8::bad", "dialup.example.test",
		    "-7.5",
		    "HAT matched on sender group SCORE, host "
		    "sbrs[-10.0:-3.0]\n"
		    " - Applying $BLOCKED policy (REJECT behavior).\n"
		    " - Connection would be rejected: 554 mail3.example.com "
		    "access refused for this host\n" },
		{ "silently", "192.0.2.99", "h.test", "0",
		    " - Sender group LOOKED_AT matched on 192.0.2.0/24, "
		    "behavior CONTINUE\n"
		    "HAT matched on sender group SILENT, host 192.0.2.99\n"
		    " - Applying unnamed policy (TCPREFUSE behavior).\n"
		    " - Connection would be refused at the TCP level.\n" },
		{ "inline behaviour", "198.51.100.1", "h.test", "-2",
		    "HAT matched on unnamed sender group, host "
		    "198.51.100.1\n"
		    " - Applying unnamed policy (REJECT behavior).\n"
		    " - Connection would be rejected: 554 mail3.example.com "
		    "access refused for this host\n" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct dry_run *s = session_run(table[i].ip, table[i].fqdn,
		    table[i].score, "InboundMail", "a@b.test",
		    "alice@example.com", "Subject: x\n\nx\n");

		if (strcmp(s->text.data, table[i].want) != 0)
			fail_msg("%s:\n%s", table[i].why, s->text.data);
		assert_int_equal(s->report.end, TRACE_REFUSED);
		session_end(s);
	}
}

static void
test_delayed_rejection(void **state)
{
	char text[sizeof(yaml) + 100];
	struct config *delayed;
	struct dry_run *s;

	(void)state;
	snprintf(
	    text, sizeof(text), "receiving: {delayed_reject: yes}\n%s", yaml);
	delayed = world_config_with(text, tables, NELEM(tables));
	s = session_of(delayed, "198.51.100.1", "h.test", "-2", "InboundMail",
	    "a@b.test", "alice@example.com", "x\n");
	assert_non_null(strstr(s->text.data,
	    "\n - Connection would be accepted; every recipient rejected: "
	    "550 "));
	assert_int_equal(s->report.end, TRACE_REFUSED);
	session_end(s);
	config_unref(&delayed);
}

static void
test_reverse_name_is_told_when_it_was_looked_up(void **state)
{
	struct dry_run *s = session_run("203.0.113.5", "", "", "InboundMail",
	    "a@b.test", "alice@example.com", "x\n");

	(void)state;
	assert_int_equal(strncmp(s->text.data,
			     " - Reverse DNS: not verified (serv.fail)\n"
			     "HAT matched on unnamed sender group, host ALL\n",
			     80),
	    0);
	session_end(s);
}

static void
test_what_ends_a_trace_early(void **state)
{
	static const struct {
		const char *why, *sender, *rcpts, *listener, *message, *end;
		enum trace_end how;
	} table[] = {
		{ "bad sender", "a b@c.test", "alice@example.com",
		    "InboundMail", "x\n",
		    "Processing MAIL FROM:\n"
		    " - Invalid address ('>' expected): 501 #5.1.7 syntax "
		    "error in address\n"
		    " - Message would be rejected.\n",
		    TRACE_NO_SENDER },
		{ "null sender", "<>", "eve@example.org", "InboundMail", "x\n",
		    " - RAT matched on ALL, behavior = REJECT\n"
		    " - Recipient would be rejected.\n"
		    "No recipients remain.\n",
		    TRACE_NO_RCPT },
		{ "no sender by name", "none", "x@192.0.2.1", "InboundMail",
		    "x\n",
		    "Processing x@192.0.2.1\n"
		    " - Invalid address (malformed domain): 501 #5.1.3 "
		    "syntax error in address\n"
		    " - Recipient would be rejected.\n"
		    "No recipients remain.\n",
		    TRACE_NO_RCPT },
		{ "sinkhole", "a@b.test", "c@d.test", "Sink", "x\n",
		    "Message Processing:\n"
		    " - No Virtual Gateway(tm) Assigned\n"
		    " - No Bounce Profile Assigned\n"
		    "Message would be deleted by the sinkhole listener.\n",
		    TRACE_SINKHOLE },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct dry_run *s =
		    session_run("203.0.113.5", "h.test", "", table[i].listener,
			table[i].sender, table[i].rcpts, table[i].message);
		size_t n = strlen(table[i].end);

		if (s->text.len < n || s->report.end != table[i].how ||
		    strcmp(s->text.data + s->text.len - n, table[i].end) != 0)
			fail_msg("%s:\n%s", table[i].why, s->text.data);
		session_end(s);
	}
}

static void
test_forms_of_the_message(void **state)
{
	static const struct {
		const char *why, *message, *want; /* after the Received line */
	} table[] = {
		{ "header and body", "A: b\n\nc\n", "A: b\r\n\r\nc\r\n" },
		{ "dots", "A: b\n\n..c\n.d\n...\n",
		    "A: b\r\n\r\n.c\r\n.d\r\n..\r\n" },
		{ "no header", "hello\n", "\r\nhello\r\n" },
		{ "no body", "A: b\n", "A: b\r\n" },
		{ "CRLF, no last line end", "A: b\r\n\r\nc",
		    "A: b\r\n\r\nc\r\n" },
		{ "lone CR", "A: b\rX: c\n\n", "A: b\r\nX: c\r\n\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct dry_run *s =
		    session_run("203.0.113.5", "h.test", "", "InboundMail",
			"a@b.test", "alice@example.com", table[i].message);
		const char *message = after(s, "+0000\r\n");

		if (message == NULL || strcmp(message, table[i].want) != 0)
			fail_msg("%s: %s", table[i].why,
			    trace_delivered(&s->report)->message.data);
		session_end(s);
	}
}

static void
test_too_large_is_remarked_and_goes_on(void **state)
{
	char *message = mem_alloc(22000);
	struct dry_run *s;

	(void)state;
	memset(message, 'x', 21000);
	memcpy(message, "A: b\n\n", 6);
	s = session_run("203.0.113.5", "h.test", "", "InboundMail", "a@b.test",
	    "alice@example.com", message);
	assert_non_null(strstr(s->text.data,
	    "\n - Message size 21004 exceeds the maximum message size.\n\n"
	    "Processing MAIL FROM:"));
	assert_int_equal(s->report.end, TRACE_QUEUED);
	session_end(s);
	free(message);
}

/* As a client would be answered (smtpd/request.c). */
static void
test_parameters_of_mail_and_rcpt(void **state)
{
	static const struct {
		const char *mail, *rcpt;
		bool tls, helo;
		enum trace_end end;
		const char *said;
	} table[] = {
		{ "SIZE=100 BODY=8BITMIME RET=HDRS ENVID=x+2By",
		    "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@b.test", false, false,
		    TRACE_QUEUED,
		    "   - Says: MAIL FROM:<a@b.test> BODY=8BITMIME RET=HDRS "
		    "ENVID=x+2By\n   - Says: RCPT TO:<zoe@example.org> "
		    "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@b.test\n" },
		{ "REQUIRETLS", "", true, false, TRACE_QUEUED,
		    "   - TLS demanded: required_verify (by REQUIRETLS), and "
		    "that it offers REQUIRETLS\n" },
		{ "REQUIRETLS", "", false, false, TRACE_NO_SENDER,
		    " - Parameters: REQUIRETLS: 555 #5.5.4 parameter not "
		    "known\n" },
		{ "AUTH=<>", "", true, false, TRACE_NO_SENDER,
		    "555 #5.5.4 parameter not known" },
		{ "SIZE=1", "", false, true, TRACE_NO_SENDER,
		    "555 #5.5.4 parameter not known" },
		{ "BODY=BINARYMIME", "", false, false, TRACE_NO_SENDER,
		    "501 #5.5.4 bad parameter" },
		{ "SIZE=99999999999", "", false, false, TRACE_NO_SENDER,
		    " - Declared size 99999999999: 552 #5.3.4 message size "
		    "exceeds limit\n" },
		{ "", "NOTIFY=NEVER,DELAY", false, false, TRACE_NO_RCPT,
		    " - Parameters: NOTIFY=NEVER,DELAY: 501 #5.5.4 bad "
		    "parameter\n - Recipient would be rejected.\n" },
		{ "", "SIZE=1", false, false, TRACE_NO_RCPT,
		    "555 #5.5.4 parameter not known" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct dry_run *s =
		    session_run("192.0.2.140", "h.test", "", "OutboundMail",
			"a@b.test", "zoe@example.org", "Subject: x\n\nx\n");

		trace_fini(&s->report);
		str_copy(s->answers.mail_params, sizeof(s->answers.mail_params),
		    str_of(table[i].mail));
		s->input.mail_params = str_of(s->answers.mail_params);
		s->input.rcpt_params[0] = str_of(table[i].rcpt);
		s->input.facts.tls = table[i].tls;
		s->input.no_params = table[i].helo;
		trace_run(&s->report, &s->input, &s->mem);
		buf_reset(&s->text);
		trace_text(&s->report, true, &s->text);
		if (s->report.end != table[i].end ||
		    strstr(s->text.data, table[i].said) == NULL)
			fail_msg("%s, %s:\n%s", table[i].mail, table[i].rcpt,
			    s->text.data);
		session_end(s);
	}
}

static void
test_lop_01_too_many_hops(void **state)
{
	struct buf message;
	struct dry_run *s;

	(void)state;
	buf_init(&message, 1 << 16);
	for (int i = 0; i <= RECEIVED_MAX; i++)
		buf_puts(&message, "Received: x\n");
	s = session_run("203.0.113.5", "h.test", "", "InboundMail", "a@b.test",
	    "alice@example.com", message.data);
	assert_int_equal(s->report.end, TRACE_NO_MESSAGE);
	assert_non_null(strstr(s->text.data,
	    " - Message would be rejected: 554 #5.4.6 too many hops\n"));
	session_end(s);
	buf_fini(&message);
}

static void
test_adm_04_nothing_reaches_the_terminal_raw(void **state)
{
	struct dry_run *s = session_run("203.0.113.5", "h.test", "",
	    "InboundMail", "a@b.test", "\033[2J@example.com, c@example.com",
	    "Subject: \033]0;x\a\n\nt\tu\033[31m\n");

	(void)state;
	trace_text_result(&s->report, &s->text);
	assert_null(memchr(s->text.data, '\033', s->text.len));
	assert_non_null(strstr(s->text.data, "\nt\tu\\x1b[31m\n"));
	session_end(s);
}

static void
test_explain_says_where_and_whence(void **state)
{
	struct dry_run *s = session_run("192.0.2.55", "mta1.example.net", "2.1",
	    "InboundMail", "a@b.test", "bob@legacy.example.net", "x\n");

	(void)state;
	buf_reset(&s->text);
	trace_text(&s->report, true, &s->text);
	assert_non_null(
	    strstr(s->text.data, "   - Entry at postern.yaml:18\n"));
	assert_non_null(strstr(s->text.data,
	    "mapped to bob@example.com\n   - Entry at tables/map:1\n"));
	assert_non_null(strstr(
	    s->text.data, "\n - reverse name: mta1.example.net (given)\n"));
	assert_non_null(
	    strstr(s->text.data, "\n - IP reputation: 2.1 (given)\n"));
	assert_non_null(strstr(s->text.data, "\n - country: not asked for\n"));
	session_end(s);
}

/* Beyond the fourteen those that are not what the listener's type brings. */
static void
test_parameters_that_are_not_usual(void **state)
{
	static const char want[] =
	    "   - Domain Exception Table Enabled: No (Default)\n"
	    "   - Override Banner Hostname: mx.a.test\n"
	    "   - SMTP Banner Text: hi\\nyou (Default)\n"
	    "   - Recipients Per Hour Exceeded Code: 451\n"
	    "   - Envelope Sender Rate Limit Exceptions: L (Default)\n"
	    "   - Drop Connection On Directory Harvest Attack: No\n"
	    "   - Significant Bits Of IP Address: 24\n"
	    "   - Require TLS To Offer SMTP Authentication: No\n"
	    "   - Malformed Envelope Sender Text: so not\n"
	    "\n"
	    "Processing MAIL FROM:\n";
	struct config *c = world_config(
	    "hostname: a.test\ninterfaces: [{name: N, ip: 192.0.2.1}]\n"
	    "address_lists: [{name: L, entries: [\"@x.test\"]}]\n"
	    "listeners:\n- name: In\n  hat:\n"
	    "    defaults: {sender_exceptions: L, tls_verify: off,\n"
	    "      smtp_banner_text: \"hi\\nyou\"}\n"
	    "    policies:\n"
	    "    - {name: $ACCEPTED, behaviour: ACCEPT, dhap_drop: off,\n"
	    "       significant_bits: 24, override_hostname: mx.a.test,\n"
	    "       auth_require_tls: off, max_rcpts_per_hour_code: 451,\n"
	    "       sender_malformed_text: so not, dhap_code: 550}\n");
	struct dry_run *s = session_of(c, "192.0.2.55", "h.test", "2.1", "In",
	    "a@b.test", "alice@example.com", "x\n");
	struct buf out;
	json_t *top, *params, *v;

	(void)state;
	assert_non_null(strstr(s->text.data, want));
	buf_init(&out, 1 << 20);
	trace_json(&s->report, &out);
	top = json_loads(out.data, 0, NULL);
	params =
	    json_object_get(json_object_get(top, "connection"), "parameters");
	assert_int_equal(json_object_size(params), 14 + 8);
	v = json_object_get(params, "smtp_banner_text");
	assert_string_equal(
	    json_string_value(json_object_get(v, "value")), "hi\nyou");
	assert_true(json_is_true(json_object_get(v, "default")));
	v = json_object_get(params, "significant_bits");
	assert_string_equal(
	    json_string_value(json_object_get(v, "value")), "24");
	assert_true(json_is_false(json_object_get(v, "default")));
	json_decref(top);
	buf_fini(&out);
	session_end(s);
	config_unref(&c);
}

/* Of what a predefined policy sets, that which the listener has as well is the
 * listener's; sparing somebody a scanner is the policy's. */
static void
test_what_predefined_policies_take_from_the_listener(void **state)
{
	static const struct {
		const char *hat, *want;
	} table[] = {
		{ "", "Maximum Recipients Per Hour: Disabled (Default)\n" },
		{ "defaults: {max_rcpts_per_hour: 9}",
		    "Maximum Recipients Per Hour: Disabled\n" },
		{ "", "Harvest Attack Prevention: Disabled (Default)\n" },
		{ "defaults: {dhap_limit: 9}",
		    "Harvest Attack Prevention: Disabled\n" },
		{ "", "Spam Detection Enabled: No\n" },
		{ "defaults: {spam_check: on}",
		    "Spam Detection Enabled: No\n" },
		{ "", "Virus Detection Enabled: Yes (Default)\n" },
		{ "defaults: {virus_check: off}",
		    "Virus Detection Enabled: Yes\n" },
		/* not set by the policy */
		{ "defaults: {max_concurrency: 9}",
		    "Connections From A Single IP: 9 (Default)\n" },
		/* somebody wrote what the listener has */
		{ "policies: [{name: $RELAYED, behaviour: RELAY, "
		  "virus_check: on}]",
		    "Virus Detection Enabled: Yes\n" },
		{ "policies: [{name: $RELAYED, behaviour: RELAY}]",
		    "Spam Detection Enabled: No (Default)\n" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		char text[600];
		struct config *c;
		struct dry_run *s;

		snprintf(text, sizeof(text),
		    "hostname: a.test\n"
		    "interfaces: [{name: N, ip: 192.0.2.1}]\n"
		    "listeners: [{name: Out, type: private, hat: {%s%s\n"
		    "  groups: [{name: G, policy: $RELAYED,\n"
		    "    entries: 192.0.2.55}]}}]\n",
		    table[i].hat, *table[i].hat != '\0' ? "," : "");
		c = world_config(text);
		s = session_of(c, "192.0.2.55", "h.test", "", "Out", "a@b.test",
		    "alice@example.com", "x\n");
		if (strstr(s->text.data, table[i].want) == NULL)
			fail_msg("%s: no %s in\n%s", table[i].hat,
			    table[i].want, s->text.data);
		session_end(s);
		config_unref(&c);
	}
}

/* Nobody answers a test: the list that was asked cannot be had. */
static void
test_facts_with_keys(void **state)
{
	struct config *listed = world_config(
	    "hostname: a.test\ninterfaces: [{name: N, ip: 192.0.2.1}]\n"
	    "listeners:\n- name: In\n  hat:\n    groups:\n"
	    "    - {name: BAD, policy: $BLOCKED, entries: "
	    "[\"dnslist[List.test]\"]}\n");
	struct dry_run *s = session_of(listed, "192.0.2.55", "h.test", "2.1",
	    "In", "a@b.test", "alice@example.com", "x\n");
	struct buf out;
	json_t *top, *v;

	(void)state;
	buf_reset(&s->text);
	trace_text(&s->report, true, &s->text);
	assert_non_null(strstr(s->text.data,
	    "\n - DNS list list.test: cannot be said (default)\n"));
	buf_init(&out, 1 << 20);
	trace_json(&s->report, &out);
	top = json_loads(out.data, 0, NULL);
	v = json_object_get(json_object_get(top, "facts"), "dns_list");
	v = json_object_get(v, "list.test");
	assert_true(json_is_false(json_object_get(v, "known")));
	assert_true(json_is_null(json_object_get(v, "value")));
	assert_string_equal(
	    json_string_value(json_object_get(v, "source")), "default");
	json_decref(top);
	buf_fini(&out);
	session_end(s);
	config_unref(&listed);
}

static void
test_json(void **state)
{
	struct dry_run *s = session_run("192.0.2.55", "mta1.example.net", "2.1",
	    "InboundMail", "a@b.test", "alice@example.com, eve@example.org",
	    "Subject: \xff\n\nx\n");
	struct buf out;
	json_t *top, *v;

	(void)state;
	buf_init(&out, 1 << 20);
	trace_json(&s->report, &out);
	top = json_loads(out.data, 0, NULL);
	assert_non_null(top);
	assert_string_equal(
	    json_string_value(json_object_get(top, "outcome")), "queued");
	v = json_object_get(top, "connection");
	assert_string_equal(
	    json_string_value(json_object_get(v, "group")), "UNKNOWNLIST");
	v = json_object_get(
	    json_object_get(v, "parameters"), "max_message_size");
	assert_string_equal(
	    json_string_value(json_object_get(v, "value")), "20K");
	v = json_array_get(json_object_get(top, "recipients"), 1);
	assert_true(json_is_true(json_object_get(v, "refused")));
	v = json_object_get(json_object_get(top, "facts"), "ip_reputation");
	assert_true(json_real_value(json_object_get(v, "value")) > 2.0);
	assert_non_null(strstr(
	    json_string_value(json_object_get(top, "message")), "\\xff"));
	json_decref(top);
	buf_fini(&out);
	session_end(s);
}

static void
test_same_input_same_report(void **state)
{
	struct dry_run *a = session_run("192.0.2.55", "h.test", "1",
	    "InboundMail", "a@b.test", "alice@example.com, joe", "x\n");
	struct dry_run *b = session_run("192.0.2.55", "h.test", "1",
	    "InboundMail", "a@b.test", "alice@example.com, joe", "x\n");

	(void)state;
	assert_string_equal(a->text.data, b->text.data);
	assert_true(str_eq(buf_str(&trace_delivered(&a->report)->message),
	    buf_str(&trace_delivered(&b->report)->message)));
	session_end(a);
	session_end(b);
}

static void
test_answers(void **state)
{
	static const struct {
		bool (*right)(const char *, struct err *);
		const char *text, *complaint; /* NULL: right */
	} table[] = {
		{ answer_ip, "192.0.2.1", NULL },
		{ answer_ip, "2001:db8::1", NULL },
		{ answer_ip, "1.2.3", "Invalid IP address: \"1.2.3\"" },
		{ answer_ip, "", "Invalid IP address: \"\"" },
		{ answer_name, "", NULL },
		{ answer_name, "a.b.test", NULL },
		{ answer_name, "a b", "Invalid domain name: \"a b\"" },
		{ answer_owner, "", NULL },
		{ answer_owner, "n/a", NULL },
		{ answer_owner, "34", NULL },
		{ answer_owner, "-1", "Please enter a number or N/A." },
		{ answer_score, "-10.0", NULL },
		{ answer_score, "10", NULL },
		{ answer_score, "none", NULL },
		{ answer_score, "10.1",
		    "Please enter a number between -10.0 and 10.0, or N/A." },
		{ answer_score, "1.",
		    "Please enter a number between -10.0 and 10.0, or N/A." },
		{ answer_score, "1.25",
		    "Please enter a number between -10.0 and 10.0, or N/A." },
		{ answer_score, "--1",
		    "Please enter a number between -10.0 and 10.0, or N/A." },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct err err = ERR_INIT;
		bool right = table[i].right(table[i].text, &err);

		if (right != (table[i].complaint == NULL) ||
		    (!right && strcmp(err.text, table[i].complaint) != 0))
			fail_msg("%s: %s", table[i].text, err.text);
	}
}

static struct dry_run *
session_run(const char *ip, const char *fqdn, const char *score,
    const char *listener, const char *sender, const char *rcpts,
    const char *message)
{
	return session_of(
	    config, ip, fqdn, score, listener, sender, rcpts, message);
}

/* No look-ups are made here: an empty name is one that could not be had. */
static struct dry_run *
session_of(struct config *c, const char *ip, const char *fqdn,
    const char *score, const char *listener, const char *sender,
    const char *rcpts, const char *message)
{
	struct dry_run *s = mem_alloc(sizeof(*s));
	struct trace_answers *a = &s->answers;
	struct err err = ERR_INIT;

	arena_init(&s->mem, 16 << 20);
	buf_init(&s->text, 1 << 20);
	buf_init(&a->message, 1 << 20);
	buf_puts(&a->message, message);
	str_copy(a->source_ip, sizeof(a->source_ip), str_of(ip));
	str_copy(a->fqdn, sizeof(a->fqdn), str_of(fqdn));
	str_copy(a->reputation, sizeof(a->reputation), str_of(score));
	str_copy(a->listener, sizeof(a->listener), str_of(listener));
	str_copy(a->sender, sizeof(a->sender), str_of(sender));
	str_copy(a->recipients, sizeof(a->recipients), str_of(rcpts));
	if (trace_understand(&s->input, c, a, &s->mem, &err) == -1)
		fail_msg("%s", err.text);
	if (*fqdn == '\0') {
		s->input.facts.host_class = HOST_SERVFAIL;
		fact_set(
		    &s->input.facts, FACT_HOST, FACT_KNOWN, FACT_LOOKED_UP);
	}
	s->input.facts.now = 1740996902000; /* 03 Mar 2025 10:15:02 */
	trace_run(&s->report, &s->input, &s->mem);
	trace_text(&s->report, false, &s->text);
	return s;
}

static void
session_end(struct dry_run *s)
{
	trace_fini(&s->report);
	buf_fini(&s->text);
	buf_fini(&s->answers.message);
	arena_free(&s->mem);
	free(s);
}

static void
expect_text(struct dry_run *s, const char *want)
{
	size_t n = 0;

	while (s->text.data[n] != '\0' && s->text.data[n] == want[n])
		n++;
	if (strcmp(s->text.data, want) != 0)
		fail_msg("from here it differs:\n%s\n--- wanted:\n%s",
		    s->text.data + n, want + n);
}

static const char *
after(const struct dry_run *s, const char *mark)
{
	const char *p = strstr(trace_delivered(&s->report)->message.data, mark);

	return p != NULL ? p + strlen(mark) : NULL;
}

static int
setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	config = world_config_with(yaml, tables, NELEM(tables));
	return 0;
}

/* --lookup: what the DNS said, for people. */
static void
test_a_way_that_was_looked_up(void **state)
{
	static const char json[] =
	    "{\"outcome\": \"waits\", \"reason\": \"ServFail\", \"mx\":"
	    " [{\"preference\": 5, \"host\": \"mx.x.test\", \"ttl\": 60}],"
	    " \"lookups\": [{\"type\": \"MTA-STS\", \"mode\": \"testing\"},"
	    " {\"type\": \"MX\"}], \"attempts\": ["
	    "{\"host\": \"a\\u001b.test\", \"ip\": \"192.0.2.1\", \"port\":"
	    " 25, \"tls\": \"required\", \"source\": \"192.0.2.9\","
	    " \"tls_names\": [\"x.test\", \"y.test\"], \"tlsa\": []},"
	    "{\"host\": \"b.test\", \"ip\": \"192.0.2.2\", \"port\": 26,"
	    " \"tls\": \"off\", \"source\": null, \"tls_names\": [],"
	    " \"tlsa\": [\"00\", \"01\"]}]}";
	static const char want[] =
	    "   - MX: 5 mx.x.test (TTL 60)\n"
	    "   - MTA-STS policy: testing\n"
	    "   - Would wait: ServFail\n"
	    "   - 1. a\\x1b.test, 192.0.2.1 port 25, TLS required, "
	    "certificate of x.test or y.test, from 192.0.2.9\n"
	    "   - 2. b.test, 192.0.2.2 port 26, TLS off by DANE (2 TLSA "
	    "records)\n";
	json_t *way = json_loads(json, 0, NULL);
	struct buf out;

	(void)state;
	assert_non_null(way);
	buf_init(&out, 10000);
	show_way(way, &out);
	if (!str_is(buf_str(&out), want))
		fail_msg("%.*s", STR_ARG(buf_str(&out)));
	buf_fini(&out);
	json_decref(way);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transcript_a_relayed_message),
		cmocka_unit_test(test_transcript_b_inbound),
		cmocka_unit_test(test_transcript_c_and_other_refusals),
		cmocka_unit_test(test_delayed_rejection),
		cmocka_unit_test(
		    test_reverse_name_is_told_when_it_was_looked_up),
		cmocka_unit_test(test_what_ends_a_trace_early),
		cmocka_unit_test(test_forms_of_the_message),
		cmocka_unit_test(test_too_large_is_remarked_and_goes_on),
		cmocka_unit_test(test_parameters_of_mail_and_rcpt),
		cmocka_unit_test(test_lop_01_too_many_hops),
		cmocka_unit_test(test_adm_04_nothing_reaches_the_terminal_raw),
		cmocka_unit_test(test_explain_says_where_and_whence),
		cmocka_unit_test(test_parameters_that_are_not_usual),
		cmocka_unit_test(
		    test_what_predefined_policies_take_from_the_listener),
		cmocka_unit_test(test_facts_with_keys),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_same_input_same_report),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_a_way_that_was_looked_up),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
