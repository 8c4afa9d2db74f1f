# groupcoap: one Makefile for everything. `make help` lists the targets.
# Every variable set with ?= may be given by the caller; V=1 shows commands.

VERSION     := $(shell cat VERSION)
CC          ?= cc
AR          ?= ar
PKG_CONFIG  ?= pkg-config
INSTALL     ?= install
PREFIX      ?= /usr/local
BINDIR      ?= $(PREFIX)/bin
LIBDIR      ?= $(PREFIX)/lib
INCLUDEDIR  ?= $(PREFIX)/include
MANDIR      ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
BUILD       ?= build
# the flavour of libcoap whose codec is used (see README.md)
COAP_PC     ?= libcoap-3-notls
# static: third-party archives are linked in, so a tool starts in under a
# millisecond; dynamic: what a distribution wants
LINK        ?= static
WERROR      ?=
V           ?= 0

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' $(1) $(2))

# goals that must work before the packages are there
NOT_BUILT := deps clean help dist
ifneq ($(filter-out $(NOT_BUILT),$(or $(MAKECMDGOALS),all)),)
ifeq ($(shell command -v $(PKG_CONFIG) >/dev/null 2>&1 && $(PKG_CONFIG) --exists $(COAP_PC) && echo yes),yes)
HAVE_DEPS := 1
endif
endif

CPPFLAGS_OWN := -D_GNU_SOURCE -Ilibgc -Itools -DGC_VERSION='"$(VERSION)"'
WARNINGS := -Wall -Wextra -Wshadow -Wcast-qual -Wwrite-strings -Wmissing-prototypes \
            -Wconversion -Wsign-conversion -Wstrict-prototypes -Wpointer-arith \
            -Wformat=2 -Wvla -pedantic $(if $(WERROR),-Werror)
HARDEN   := -fstack-protector-strong -fPIE
CFLAGS   ?= -O2 -g
ifeq ($(findstring -fsanitize,$(CFLAGS)),)
HARDEN   += -D_FORTIFY_SOURCE=2
endif
CFLAGS_OWN  := -std=c11 $(WARNINGS) $(HARDEN)
LDFLAGS_OWN := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
COMPILE = $(CC) $(CPPFLAGS_OWN) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS_OWN) $(CFLAGS) -MMD -MP
LINKCMD = $(CC) $(CFLAGS) $(LDFLAGS_OWN) $(LDFLAGS)

ifdef HAVE_DEPS
PKG_CFLAGS := $(subst -I,-isystem ,$(shell $(PKG_CONFIG) --cflags $(COAP_PC)))
endif
lib = $(if $(filter static,$(LINK)),-l:lib$(1).a,-l$(2))
LIBS_GC   := $(call lib,coap-3-notls,coap-3-notls)
LIBS_EDIT := $(if $(filter static,$(LINK)),-l:libedit.a -l:libbsd.a -l:libmd.a -l:libtinfo.a,-ledit)
LIBS_PCAP := -lpcap

# --- what there is -----------------------------------------------------------
LIB_SRC    := $(sort $(wildcard libgc/*/*.c))
COMMON_SRC := $(sort $(wildcard tools/common/*.c))
TOOLS      := $(filter-out %_,$(sort $(foreach f,$(wildcard tools/gc-*.c),$(if $(findstring _,$(notdir $f)),,$(basename $(notdir $f))))))
tool_src    = $(sort $(wildcard tools/$(1).c tools/$(1)_*.c))
obj         = $(patsubst %.c,$(BUILD)/%.o,$(1))

LIBGC := $(BUILD)/libgc.a
COMMON := $(BUILD)/tools-common.a

.DEFAULT_GOAL := all
.PHONY: all help clean
all: $(LIBGC) $(TOOLS:%=$(BUILD)/%)

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -c -o $@ $<

$(LIBGC): $(call obj,$(LIB_SRC))
$(COMMON): $(call obj,$(COMMON_SRC))
$(LIBGC) $(COMMON):
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# which tool needs more than libgc's own libraries
LIBS_gc-send   = $(LIBS_EDIT)
LIBS_gc-decode = $(LIBS_PCAP)

define tool_rule
$(BUILD)/$(1): $(call obj,$(call tool_src,$(1))) $(COMMON) $(LIBGC)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINKCMD) -o $$@ $$^ $$(LIBS_$(1)) $$(LIBS_GC)
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rule,$(t))))

include tests/tests.mk

help:
	@sed -n 's/^## //p' Makefile tests/tests.mk

clean:
	rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
