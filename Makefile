# Postern: one Makefile, no recursion.  `make help` lists the targets.
#
# Sources are found by folder: lib/*/ is the library, each program folder is
# linked with it into build/bin/.  VARIANT selects a build of its own:
#   make                    build/            optimised, with debug symbols
#   make VARIANT=asan       build/asan/       AddressSanitizer and UBSan
#   make VARIANT=fuzz       build/fuzz/       clang, libFuzzer, ASan, UBSan

VERSION = 0.1.0
VARIANT ?=
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
	libidn2 openssl
CPPFLAGS = -D_GNU_SOURCE -DPOSTERN_VERSION='"$(VERSION)"' -Ilib -I.
CFLAGS = -std=gnu11 -g -O2 -fno-strict-aliasing -fstack-protector-strong \
	-D_FORTIFY_SOURCE=2 -fPIE $(WARN) $(PKG_CFLAGS)
LDFLAGS = -pie -Wl,-z,relro,-z,now
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpthread

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
PROGRAMS = postern master recorder lookupd smtpd cleanup qmgr smtp
SRC_master := $(filter-out master/recorder%.c master/lookupd%.c,\
	$(wildcard master/*.c))
SRC_recorder := $(wildcard master/recorder*.c)
SRC_lookupd := $(wildcard master/lookupd*.c)
SRC_smtpd := $(wildcard smtpd/*.c)
SRC_cleanup := $(wildcard cleanup/*.c)
SRC_qmgr := $(wildcard qmgr/*.c)
SRC_smtp := $(wildcard smtp/*.c)
SRC_postern := $(wildcard admin/*.c trace/*.c)
BINS = $(foreach p,$(PROGRAMS),$(if $(SRC_$p),$O/bin/$(if $(filter postern,$p),$p,postern-$p)))

.PHONY: all lib clean help format format-check
all: $(BINS)
lib: $O/libpostern.a

$O/libpostern.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^

$O/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define program_rule
$O/bin/$(if $(filter postern,$1),$1,postern-$1): $(SRC_$1:%.c=$O/obj/%.o) $O/libpostern.a
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach p,$(PROGRAMS),$(if $(SRC_$p),$(eval $(call program_rule,$p))))

# --- tests -----------------------------------------------------------------

UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$O/tests/%)

$O/tests/%: $O/obj/tests/unit/%.o $O/libpostern.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

.PHONY: unit check-unit
unit: $(UNIT_BIN)
check-unit: unit
	@tests/tools/run-unit $(UNIT_BIN)

FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$O/fuzz/%)
$O/fuzz/%: $O/obj/tests/fuzz/%.o $O/libpostern.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

.PHONY: fuzz-bins fuzz
fuzz-bins: $(FUZZ_BIN)
FUZZ_SECONDS ?= 600
fuzz:
	$(MAKE) VARIANT=fuzz fuzz-bins
	@tests/tools/run-fuzz $(FUZZ_SECONDS) build/fuzz/fuzz

FORMAT_FILES = $(shell git ls-files '*.c' '*.h' 2>/dev/null)
format:
	clang-format -i $(FORMAT_FILES)
format-check:
	@clang-format --dry-run --Werror $(FORMAT_FILES)

clean:
	rm -rf build

-include $(shell find $O/obj -name '*.d' 2>/dev/null)
