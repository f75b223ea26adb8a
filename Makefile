# Postern: one Makefile, no recursion.  `make help` lists the targets.
#
# Sources are found by folder: lib/*/ is the library, each program folder is
# linked with it into build/bin/.  VARIANT selects a build of its own:
#   make                    build/            optimised, with debug symbols
#   make VARIANT=asan       build/asan/       AddressSanitizer and UBSan
#   make VARIANT=fuzz       build/fuzz/       clang, libFuzzer, ASan, UBSan

VERSION = 0.1.0
VARIANT ?=
V ?=
ifeq ($V,)
Q = @
endif
PREFIX ?= /usr/local
DESTDIR ?=
ROOT ?= run

CC = gcc
O = build
ifneq ($(VARIANT),)
O = build/$(VARIANT)
endif

WARN = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla
PKGS = libevent_core yaml-0.1 libunbound libseccomp jansson libedit \
	libidn2 openssl libpcre2-8
CPPFLAGS = -D_GNU_SOURCE -DPOSTERN_VERSION='"$(VERSION)"' -Ilib -I.
CFLAGS = -std=gnu11 -g -O2 -fno-strict-aliasing -fstack-protector-strong \
	-D_FORTIFY_SOURCE=2 -fPIE $(WARN) $(PKG_CFLAGS)
LDFLAGS = -pie -Wl,-z,relro,-z,now
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lcrypt -lpthread

ifeq ($(VARIANT),asan)
CFLAGS := $(filter-out -D_FORTIFY_SOURCE=2,$(CFLAGS)) -O1 \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -DPOSTERN_ASAN
LDFLAGS += -fsanitize=address,undefined
endif
ifeq ($(VARIANT),clang)
CC = clang
endif
ifeq ($(VARIANT),fuzz)
CC = clang
CFLAGS := $(filter-out -D_FORTIFY_SOURCE=2,$(CFLAGS)) -O1 \
	-fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -DPOSTERN_ASAN
LDFLAGS += -fsanitize=address,undefined
endif

LIB_SRC := $(wildcard lib/*/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$O/obj/%.o)

# program: every .c of its folder, but for programs that share a folder
PROGRAMS = postern master recorder lookupd keyd smtpd qmqpd cleanup inspect \
	qmgr smtp capture webd
SRC_master := $(filter-out master/recorder%.c master/lookupd%.c master/keyd%.c,\
	$(wildcard master/*.c))
# what it does for pages as tools do it
SRC_master += admin/capture_parts.c admin/interfaces_device.c
SRC_recorder := $(wildcard master/recorder*.c)
SRC_lookupd := $(wildcard master/lookupd*.c)
SRC_keyd := $(wildcard master/keyd*.c)
SRC_smtpd := $(filter-out smtpd/qmqpd.c,$(wildcard smtpd/*.c))
SRC_qmqpd := $(filter-out smtpd/main.c,$(wildcard smtpd/*.c))
SRC_cleanup := $(filter-out cleanup/inspect%.c,$(wildcard cleanup/*.c))
SRC_inspect := $(wildcard cleanup/inspect*.c)
SRC_qmgr := $(wildcard qmgr/*.c)
SRC_smtp := $(wildcard smtp/*.c)
SRC_capture := $(wildcard capture/*.c)
SRC_webd := $(wildcard admin/web/*.c) admin/fields.c admin/render_status.c \
	admin/capture_filter.c
# tools go the way of delivery with what delivers
QMGR_CORE = bounce conn core deliver dest limits logged mail notice ordered \
	resolution resolve result retry schedule settle sweep subject
SMTP_SESSION = dialog dialog_open dialog_login keyd signing transaction session session_tls \
	session_count session_end session_watch sessions content
# trace says captured conversations to what receives
SMTPD_SESSION = session session_time ask auth counts commands starttls request txn \
	say limits debug decide xclient qmqp proxy
# queue reads what the queue manager keeps beside its messages
QMGR_FILES = ledger_bytes state
SRC_postern := $(wildcard admin/*.c trace/*.c) $(QMGR_CORE:%=qmgr/%.c) \
	$(QMGR_FILES:%=qmgr/%.c) \
	$(SMTP_SESSION:%=smtp/%.c) $(SMTPD_SESSION:%=smtpd/%.c)
BINS = $(foreach p,$(PROGRAMS),$(if $(SRC_$p),$O/bin/$(if $(filter postern,$p),$p,postern-$p)))

.PHONY: all lib objects clean help format format-check
all: $(BINS)
lib: $O/libpostern.a
objects: $(LIB_OBJ) $(foreach p,$(PROGRAMS),$(SRC_$p:%.c=$O/obj/%.o))

# it has that file in it
$O/obj/lib/config/factory.o: conf/postern.yaml
$O/obj/admin/web/style.o: admin/web/style.css

$O/libpostern.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^

$O/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define program_rule
$O/bin/$(if $(filter postern,$1),$1,postern-$1): $(SRC_$1:%.c=$O/obj/%.o) $O/libpostern.a
	@mkdir -p $$(@D)
	@echo "  LINK  $$@"
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach p,$(PROGRAMS),$(if $(SRC_$p),$(eval $(call program_rule,$p))))
# nobody else has these libraries
$O/bin/postern-lookupd: LDLIBS += -lcurl
$O/bin/postern-capture $O/bin/postern: LDLIBS += -lpcap
$O/bin/postern-inspect: LDLIBS += -lmagic -larchive

# --- running it --------------------------------------------------------------

# Two goals that need packages first, and then themselves again with them.
.PHONY: deps deps-build run
deps:
	@tests/tools/deps check
deps-build:
	@tests/tools/deps build

run: deps-build
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@tests/tools/make-root $(ROOT) $O/bin
	@exec $O/bin/postern-master --root $(ROOT) --hints

JOBS ?= $(shell nproc)

# --- tests -----------------------------------------------------------------

UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$O/tests/%)

# kept, for the next time
.SECONDARY: $(UNIT_SRC:%.c=$O/obj/%.o)
$O/tests/%: $O/obj/tests/unit/%.o $O/libpostern.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	    $(LDLIBS) -lcmocka
$O/tests/test_sts: LDLIBS += -lcurl
# what we write as a table, Berkeley DB must read
$O/tests/test_table_db: LDLIBS += -ldb-5.3
# tests of a program's parts link these too
$O/tests/test_dialog $O/tests/test_smtp_session $O/tests/test_session_watch: \
    $(SMTP_SESSION:%=$O/obj/smtp/%.o)
SMTPD_ENGINE = $(SMTPD_SESSION:%=$O/obj/smtpd/%.o)
$O/tests/test_session $O/tests/test_session_ask $O/tests/test_session_many \
    $O/tests/test_session_limits $O/tests/test_session_debug \
    $O/tests/test_auth $O/tests/test_starttls \
    $O/tests/test_session_walk $O/tests/test_xclient \
    $O/tests/test_qmqp: $(SMTPD_ENGINE)
$O/tests/test_proxy: $O/obj/smtpd/proxy.o
WEB_PURE = $(patsubst %,$O/obj/admin/web/%.o,http form html sessions)
$O/tests/test_web_http $O/tests/test_web_form $O/tests/test_web_html \
$O/tests/test_web_sessions: $(WEB_PURE)
$O/tests/test_callahead: $O/obj/smtpd/callahead.o
$O/tests/test_intake: $(patsubst %,$O/obj/cleanup/%.o,\
	intake envelope workqueue mail disk task rules ask scan part outcome record children say settle \
	returned archive)
# the stages of these tests are made up
$O/tests/test_settle $O/tests/test_ask: LDLIBS += -Wl,--wrap=work_continue
$O/tests/test_split_crash $O/tests/test_settle $O/tests/test_ask $O/tests/test_unprocessable \
    $O/tests/test_taken_up: $(patsubst %,$O/obj/cleanup/%.o,\
	workqueue mail disk task rules ask scan part outcome record children say settle recover \
	returned archive)
$O/tests/test_admin_render $O/tests/test_admin_render_hosts \
$O/tests/test_admin_render_rates: \
	$(patsubst %,$O/obj/admin/%.o,\
	render_status render_hosts render_queue render_rates health quarantines \
	fields)
$O/tests/test_admin_render_dns: $(patsubst %,$O/obj/admin/%.o,\
	render_dns dnscheck dnsquery ipcheck fields)
$O/tests/test_netstat: $(patsubst %,$O/obj/admin/%.o,\
	render_netstat netstat_sockets netstat_links netlink fields)
$O/tests/test_telnet: $O/obj/admin/telnet.o
$O/tests/test_echo: $O/obj/admin/echo.o
$O/tests/test_trace $O/tests/test_trace_work: $(patsubst %,$O/obj/trace/%.o,\
	run queue message text show show_work json json_work delivery params answer \
	given tags way wanted commands) $O/obj/admin/fields.o $O/obj/smtp/transaction.o
$O/tests/test_pcapkind: $O/obj/trace/pcapkind.o $(SMTPD_ENGINE)
$O/tests/test_admin_dialogue: $O/obj/admin/dialogue.o $O/obj/admin/words.o
$O/tests/test_admin_edit: $O/obj/admin/args.o $O/obj/admin/maptext.o \
	$O/obj/admin/tool.o $O/obj/admin/fields.o $O/obj/admin/dialogue.o
ADMIN_OBJ = $(filter-out %/main.o,$(SRC_postern:%.c=$O/obj/%.o))
$O/tests/test_access $O/tests/test_admin_ask $O/tests/test_attempt: \
	LDLIBS += -lpcap
$O/tests/test_access $O/tests/test_admin_ask $O/tests/test_attempt: \
	$(ADMIN_OBJ)
$O/tests/test_relaytricks: $O/obj/admin/relaytricks.o
$O/tests/test_story: $O/obj/admin/story.o $O/obj/admin/fields.o
$O/tests/test_admin_tool: $O/obj/admin/tool.o $O/obj/admin/fields.o \
	$O/obj/admin/dialogue.o
$O/tests/test_recorder_mbox: $O/obj/master/recorder_mbox.o \
	$O/obj/master/recorder_files.o
$O/tests/test_recorder_log: $O/obj/master/recorder_log.o \
	$O/obj/master/recorder_files.o $O/obj/master/recorder_turn.o \
	$O/obj/master/recorder_kind.o
$O/tests/test_recorder_kind: $O/obj/master/recorder_kind.o
$O/tests/test_recorder_line: $O/obj/master/recorder_line.o \
	$O/obj/master/recorder_counts.o
$O/tests/test_recorder_health: $O/obj/master/recorder_health.o \
	$O/obj/master/recorder_state.o
$O/tests/test_conserve: $O/obj/master/conserve.o
$O/tests/test_alerts: $O/obj/master/recorder_alerts.o
$O/tests/test_tlsrpt: $O/obj/master/recorder_tlsrpt.o
$O/tests/test_track $O/tests/test_track_search: $O/obj/master/recorder_track.o \
	$O/obj/master/recorder_files.o
$O/tests/test_recorder_quota: $O/obj/master/recorder_quota.o \
	$O/obj/master/recorder_files.o
$O/tests/test_recorder_http: $O/obj/master/recorder_http.o
$O/tests/test_recorder_counts: $O/obj/master/recorder_counts.o \
	$O/obj/master/recorder_state.o
INSPECT_LOOK = $(patsubst %,$O/obj/cleanup/inspect_%.o,look type archive office)
$O/tests/test_inspect: LDLIBS += -lmagic -larchive
$O/tests/test_inspect: $(INSPECT_LOOK)
# these run the real programs
$O/tests/test_hostile_peer $O/tests/test_hostile_lies $O/tests/test_keyd \
$O/tests/test_keyd_admins: | $(BINS)
$(patsubst %,$O/tests/test_%,retry qmgr_gateway qmgr_limits qmgr_logged \
    qmgr_addresses qmgr_counts qmgr_ledger qmgr_orders qmgr_queue qmgr_results qmgr_resolve \
    qmgr_settle qmgr_sweep \
    qmgr_tagging qmgr_tls quarantine): \
    $(QMGR_CORE:%=$O/obj/qmgr/%.o)
$O/tests/test_qmgr_subject: $O/obj/qmgr/subject.o
$O/tests/test_qmgr_tagging: $O/obj/qmgr/tagging.o
$O/tests/test_quarantine: $(patsubst %,$O/obj/qmgr/quarantine%.o,\
	_index _room _leave) $O/obj/qmgr/quarantine.o
$O/tests/test_qmgr_counts: $(patsubst %,$O/obj/qmgr/%.o,counts state)
$O/tests/test_qmgr_ledger $O/tests/test_qmgr_orders: \
    $(patsubst %,$O/obj/qmgr/%.o,ledger ledger_bytes ledger_compact state)
$O/tests/test_quarantine_crash: $O/obj/qmgr/store.o

# what mail/mime makes of messages, for comparing it with others
$O/tests/mimedump: $O/obj/tests/compare/mimedump.o $O/libpostern.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	    $(LDLIBS)

.PHONY: compare
compare: $O/tests/mimedump
	@tests/compare/compare-mime $<
	@tests/compare/hidden-mime $<

.PHONY: unit check-unit
unit: $(UNIT_BIN)
check-unit: unit
	@tests/tools/check-pages admin/commands.h docs/man/*.1
	@tests/tools/run-unit $(UNIT_BIN)

FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$O/fuzz/%)
$O/fuzz/%: $O/obj/tests/fuzz/%.o $O/libpostern.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ \
	    $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)
$O/fuzz/fuzz_dialog: $O/obj/smtp/dialog.o $O/obj/smtp/dialog_open.o $O/obj/smtp/dialog_login.o \
	$O/obj/smtp/transaction.o
$O/fuzz/fuzz_session $O/fuzz/fuzz_qmqp: $(SMTPD_ENGINE)
$O/fuzz/fuzz_replay: $(SMTPD_ENGINE) $(patsubst %,$O/obj/trace/%.o,\
	talk talk_note talk_ops talk_auth talk_qmqp pcapkind said given answer)
$O/fuzz/fuzz_orders: $(patsubst %,$O/obj/qmgr/%.o,ledger ledger_bytes ledger_compact state $(QMGR_CORE))
$O/fuzz/fuzz_sts_kept: LDLIBS += -lcurl
$O/fuzz/fuzz_proxy: $O/obj/smtpd/proxy.o
$O/fuzz/fuzz_web: $(WEB_PURE)
$O/fuzz/fuzz_inspect: LDLIBS += -lmagic -larchive
$O/fuzz/fuzz_inspect: $(INSPECT_LOOK)
$O/fuzz/fuzz_http: $O/obj/master/recorder_http.o

.PHONY: fuzz-bins fuzz
fuzz-bins: $(FUZZ_BIN)
FUZZ_SECONDS ?= 600
fuzz:
	$(MAKE) VARIANT=fuzz fuzz-bins
	@tests/tools/run-fuzz $(FUZZ_SECONDS) build/fuzz/fuzz

FORMAT_FILES = $(filter-out build/%,$(wildcard */*.[ch] */*/*.[ch]))
format:
	clang-format -i $(FORMAT_FILES)
format-check:
	@clang-format --dry-run --Werror $(FORMAT_FILES)

# Everything that says whether this tree is good; what CI runs.
.PHONY: check check-all e2e peers
PYTHON ?= /usr/bin/python3
FUZZ_CHECK_SECONDS ?= 15
check: deps
	@$(MAKE) --no-print-directory -j$(JOBS) check-all

check-all:
	@tests/tools/step "format" $(MAKE) format-check
	@tests/tools/step "layering" tests/tools/layering
	@tests/tools/step "build, gcc" $(MAKE) all unit
	@tests/tools/step "unit tests" $(MAKE) check-unit
	@tests/tools/step "MIME, compared with others" $(MAKE) compare
	@tests/tools/step "build, sanitizers" $(MAKE) VARIANT=asan unit
	@tests/tools/step "unit tests, sanitizers" \
	    $(MAKE) VARIANT=asan check-unit
	@tests/tools/step "build, clang and fuzzers" \
	    $(MAKE) VARIANT=fuzz objects fuzz-bins
	@tests/tools/step "manual pages" $(MAKE) check-man
	@$(MAKE) check-e2e check-fuzz
	@echo "check: all good"

# Side by side: the one waits most of the time, the other takes what is left.
.PHONY: check-e2e check-fuzz
check-e2e:
	@tests/tools/step "end to end" $(MAKE) e2e
check-fuzz:
	@tests/tools/step "fuzzing, $(FUZZ_CHECK_SECONDS) s each" nice \
	    tests/tools/run-fuzz $(FUZZ_CHECK_SECONDS) build/fuzz/fuzz

peers:
	@tests/tools/peers build/peers
# these tests mostly wait, so there are more of them than processors
E2E_JOBS ?= 4
e2e: peers all
	$(PYTHON) tests/tools/e2e -n $(E2E_JOBS) --dist loadgroup --maxfail=3 \
	    --durations=5 tests/e2e $(E2E)

# --- measuring ---------------------------------------------------------------

# The side-by-side benchmark; it needs root, and a Postfix on this machine.
.PHONY: bench
BENCH ?= ../shared/bench/bench.py
BENCH_ARGS ?= --quick --server postfix,postern
bench: all
	@POSTERN_START="$(CURDIR)/tests/bench/hook start" \
	 POSTERN_STOP="$(CURDIR)/tests/bench/hook stop" \
	 POSTERN_FLUSH="$(CURDIR)/tests/bench/hook flush" \
	 POSTERN_QUEUED="$(CURDIR)/tests/bench/hook queued" \
	 $(PYTHON) $(BENCH) $(BENCH_ARGS)

$O/bench/tables: $O/obj/tests/bench/tables.o $O/libpostern.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	    $(LDLIBS) -ldb-5.3
.PHONY: bench-tables
bench-tables: $O/bench/tables
	@$O/bench/tables 10 1000 100000 400000

$O/bench/access: $O/obj/tests/bench/access.o $O/libpostern.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	    $(LDLIBS)
.PHONY: bench-access
bench-access: $O/bench/access
	@$O/bench/access 10 1000 100000

BENCH_FILTERS = $(patsubst %,$O/obj/tests/bench/%.o,filters messages)
$O/bench/filters: $(BENCH_FILTERS) $O/libpostern.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	    $(LDLIBS)
BENCH_SCAN = $(patsubst %,$O/obj/tests/bench/%.o,scan messages)
$O/bench/scan: $(BENCH_SCAN) $O/libpostern.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	    $(LDLIBS)
.PHONY: bench-filters
bench-filters: $O/bench/filters $O/bench/scan
	@$O/bench/filters 0 10 100 1000
	@$O/bench/scan

# --- installing ----------------------------------------------------------------

SBINDIR = $(PREFIX)/sbin
LIBEXECDIR = $(PREFIX)/lib/postern
MANDIR = $(PREFIX)/share/man
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
.PHONY: install uninstall man check-man
MAN = $(wildcard docs/man/*.[1-8]) $O/man5/postern.yaml.5 \
	$O/man5/postern-filters.5
MAN_LINKS = tests/tools/man-links $O/man-links $(filter docs/man/%,$(MAN))
install: all $(MAN)
	@tests/tools/install-tree "$(DESTDIR)" "$(SBINDIR)" "$(LIBEXECDIR)" \
	    "$(MANDIR)" "$(SYSCONFDIR)" "$(UNITDIR)" "$(SYSUSERSDIR)" \
	    "$(TMPFILESDIR)" $O/bin $(MAN) $$($(MAN_LINKS))
uninstall:
	rm -rf "$(DESTDIR)$(LIBEXECDIR)"
	rm -f "$(DESTDIR)$(SBINDIR)/postern" \
	    "$(DESTDIR)$(UNITDIR)/postern.service" \
	    "$(DESTDIR)$(SYSUSERSDIR)/postern.conf" \
	    "$(DESTDIR)$(TMPFILESDIR)/postern.conf" \
	    $(foreach m,$(notdir $(MAN)),"$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $m))/$m")
	for m in $$($(MAN_LINKS)); do \
		rm -f "$(DESTDIR)$(MANDIR)/man$${m##*.}/$${m##*/}"; \
	done

# The keys of postern.yaml(5) come from the schema, the rules and actions of
# postern-filters(5) from their tables, through the program.
MANUAL_PARTS = keys rules actions filetypes
$O/man5/%: docs/man/%.in $O/bin/postern
	@mkdir -p $(@D)
	$(Q)for part in $(MANUAL_PARTS); do \
		$O/bin/postern showconfig --manual $$part >$@.$$part || exit; \
	done
	$(Q)sed $(foreach p,$(MANUAL_PARTS),-e '/^@$p@$$/{r $@.$p' -e 'd}') \
		$< >$@.new
	$(Q)rm $(MANUAL_PARTS:%=$@.%) && mv $@.new $@
# pages as text, for reading without installing
man: $(patsubst %,$O/man/%.txt,$(notdir $(MAN)))
$O/man/%.txt: docs/man/%
	@mkdir -p $(@D)
	$(Q)mandoc -T utf8 $< >$@
$O/man/%.txt: $O/man5/%
	@mkdir -p $(@D)
	$(Q)mandoc -T utf8 $< >$@
check-man: $(MAN)
	@tests/tools/check-man $(MAN)

# --- odds and ends -------------------------------------------------------------

# For editors: what each file is compiled with.
compile_commands.json: Makefile
	@tests/tools/compile-commands "$(CC) $(CPPFLAGS) $(CFLAGS)" \
	    $(LIB_SRC) $(foreach p,$(PROGRAMS),$(SRC_$p)) > $@

clean:
	rm -rf build

help:
	@sed -n 's/^# //p;/^$$/q' Makefile
	@printf '  %s\n' \
	    "run             start a gateway below ROOT (run), with a sinkhole" \
	    "check           everything that says whether this tree is good" \
	    "check-unit      unit tests" \
	    "e2e             end-to-end tests; E2E='-k relay': some of them" \
	    "fuzz            every fuzz target for FUZZ_SECONDS (600)" \
	    "bench           beside Postfix; needs root" \
	    "bench-tables    look-ups in tables of addresses" \
	    "bench-access    decisions of host and recipient access tables" \
	    "bench-filters   filters, by kind of rule and of message" \
	    "install         below DESTDIR, for PREFIX (/usr/local); uninstall" \
	    "man             the manual pages as text, in build/man" \
	    "deps            install the packages that check needs" \
	    "format          clang-format over the tree; format-check" \
	    "clean           remove build/" \
	    "compile_commands.json   for editors"

-include $(shell find $O/obj -name '*.d' 2>/dev/null)
