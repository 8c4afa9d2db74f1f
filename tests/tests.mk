# Tests: included by the Makefile.
#   tests/unit/ROOM_FILE.c  cmocka programs, one per library file
#   tests/sim/*.c           simulated groups, cmocka programs too
#   tests/fuzz/fuzz_X.c     LLVMFuzzerTestOneInput; corpus in tests/fuzz/corpus/X/
#   tests/peers/X.c         programs that tests of the tools talk to
#   tests/cli/*.bats        a tool's promises: stdout, stderr, exit status; docs and completions against the option tables
#   tests/net/*.bats        several hosts in network namespaces, real peers
#   tests/bench/*.sh        figures, each a ratio measured side by side
# Targets that need packages are called do-X here: the Makefile's X installs the packages first.

JOBS         ?= $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECONDS ?= 600
# where the fuzzers keep what they find; the repository's corpus is only read
FUZZ_DIR     ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/groupcoap-fuzz
SPECS        ?= $(wildcard ../shared/specs/REQUIREMENTS-*.md)

UNIT_SRC := $(sort $(wildcard tests/unit/*.c tests/sim/*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
TEST_LIB := $(sort $(wildcard tests/lib/*.c))
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)
FUZZ_BIN := $(FUZZ_SRC:%.c=$(BUILD)/%)
BATS     := $(sort $(wildcard tests/net/*.bats)) $(sort $(wildcard tests/cli/*.bats)) # the longest first

# the parts of the tools, all but their main
PARTS := $(BUILD)/tool-parts.a
$(PARTS): $(call obj,$(sort $(wildcard tools/gc-*_*.c)))
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# a test program sees tools/common and the tools' parts too, so that options and output are tested like any room
$(UNIT_BIN): $(BUILD)/%: $(BUILD)/%.o $(call obj,$(TEST_LIB)) $(PARTS) $(COMMON) $(LIBGC)
	$(call say,LINK,$@)
	$(Q)$(LINKCMD) -o $@ $^ -lcmocka -lm $(LIBS_PCAP) $(LIBS_EDIT) $(LIBS_SQLITE) $(LIBS_GC)

# without libFuzzer a target replays the files named on its command line
FUZZ_MAIN := $(if $(FUZZER),,$(BUILD)/tests/fuzz/replay.o)
$(FUZZ_BIN): $(BUILD)/%: $(BUILD)/%.o $(FUZZ_MAIN) $(PARTS) $(COMMON) $(LIBGC)
	$(call say,LINK,$@)
	$(Q)$(LINKCMD) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $^ $(LIBS_PCAP) $(LIBS_EDIT) $(LIBS_SQLITE) $(LIBS_GC)

# compiled with the tests, so that they still can be when somebody measures
BENCH_BIN := $(addprefix $(BUILD)/tests/bench/,oscore decode_secure group_observe rekey)
PEERS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/peers/*.c)))
$(BUILD)/tests/peers/sql: LIBS_GC += $(LIBS_SQLITE)
$(PEERS): $(BUILD)/%: $(BUILD)/%.o $(LIBGC)
	$(call say,LINK,$@)
	$(Q)$(LINKCMD) -o $@ $^ $(LIBS_GC)

RUN = $(Q)BUILD=$(BUILD) JOBS=$(JOBS) tests/run.sh

.PHONY: tests demo-observe check-unit check-fuzz conformance fuzz-targets $(DEPS_FIRST:%=do-%)
tests: all $(UNIT_BIN) $(FUZZ_BIN) $(PEERS) $(BENCH_BIN)
fuzz-targets: $(FUZZ_BIN)

## demo         build, start a secured group of three, ask it once, show who answered and what went over the wire
do-demo: all
	@BUILD=$(BUILD) tests/demo.sh

## demo-observe multicast notifications in four ways: one datagram for all who watch
demo-observe: all
	@BUILD=$(BUILD) tests/demo_observe.sh

## demo-join    build, and let a panel and three lamps join a group, evict one, and show who can still read what
do-demo-join: all
	@BUILD=$(BUILD) tests/demo_join.sh

## check        every test; the last line counts them
do-check: tests
	$(RUN) $(BATS) $(UNIT_BIN) $(FUZZ_BIN)

## check-unit   unit tests and simulations only
check-unit: $(UNIT_BIN)
	$(RUN) $(UNIT_BIN)

## check-fuzz   replay every fuzz corpus
check-fuzz: $(FUZZ_BIN)
	$(RUN) $(FUZZ_BIN)

## san          every test under the address and undefined-behaviour sanitizers
do-san:
	@$(MAKE) --no-print-directory do-check BUILD=build-san \
	  CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined'

## bench        speed and memory against other tools, side by side
$(BUILD)/tests/bench/decode_secure: $(BUILD)/tests/bench/decode_secure.o $(COMMON) $(LIBGC)
	$(call say,LINK,$@)
	$(Q)$(LINKCMD) -o $@ $^ $(LIBS_GC)

$(filter-out %/decode_secure,$(BENCH_BIN)): $(BUILD)/%: $(BUILD)/%.o $(LIBGC)
	$(call say,LINK,$@)
	$(Q)$(LINKCMD) -o $@ $^ $(LIBS_GC)

do-bench: all $(BENCH_BIN)
	@status=0; for script in $(sort $(wildcard tests/bench/*.sh)); do BUILD=$(BUILD) $$script || status=1; done; exit $$status

## fuzz         each target for FUZZ_SECONDS (600), JOBS at a time
do-fuzz:
	@$(MAKE) --no-print-directory fuzz-targets FUZZER=1 CC=clang BUILD=build-fuzz \
	  CFLAGS='-O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined'
	@FUZZ_DIR='$(FUZZ_DIR)' tests/fuzz.sh $(FUZZ_SECONDS) $(JOBS) $(FUZZ_BIN:$(BUILD)/%=build-fuzz/%)

## lint         gcc and clang without a warning, cppcheck, shellcheck, man pages, includes between rooms
do-lint:
	@JOBS=$(JOBS) MAKE='$(MAKE)' tests/lint.sh

## conformance  which requirement has a test (SPECS names the files)
conformance:
	@tests/conformance.sh $(SPECS)
