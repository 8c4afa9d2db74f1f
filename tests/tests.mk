# Tests: included by the Makefile.
#   tests/unit/ROOM_FILE.c  cmocka programs, one per library file
#   tests/sim/*.c           simulated groups, cmocka programs too
#   tests/fuzz/fuzz_X.c     LLVMFuzzerTestOneInput; corpus in tests/fuzz/corpus/X/
#   tests/cli/*.bats        a tool's promises: stdout, stderr, exit status
#   tests/net/*.bats        several hosts in network namespaces, real peers

UNIT_SRC := $(sort $(wildcard tests/unit/*.c tests/sim/*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
TEST_LIB := $(sort $(wildcard tests/lib/*.c))
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)
FUZZ_BIN := $(FUZZ_SRC:%.c=$(BUILD)/%)

# a test program sees tools/common too, so that options and output are tested like any room
$(UNIT_BIN): $(BUILD)/%: $(BUILD)/%.o $(call obj,$(TEST_LIB)) $(COMMON) $(LIBGC)
	$(call say,LINK,$@)
	$(Q)$(LINKCMD) -o $@ $^ -lcmocka $(LIBS_PCAP) $(LIBS_EDIT) $(LIBS_GC)

# without libFuzzer a target replays the files named on its command line
$(FUZZ_BIN): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/fuzz/replay.o $(COMMON) $(LIBGC)
	$(call say,LINK,$@)
	$(Q)$(LINKCMD) -o $@ $^ $(LIBS_PCAP) $(LIBS_GC)

.PHONY: tests check-unit check-fuzz
tests: all $(UNIT_BIN) $(FUZZ_BIN)

## check-unit   unit tests and simulations only
check-unit: $(UNIT_BIN)
	$(Q)BUILD=$(BUILD) tests/run.sh $(UNIT_BIN)

## check-fuzz   replay every fuzz corpus
check-fuzz: $(FUZZ_BIN)
	$(Q)BUILD=$(BUILD) tests/run.sh $(FUZZ_BIN)
