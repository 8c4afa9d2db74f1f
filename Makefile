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
# the flavour of libcoap whose codec is used: notls needs no TLS library, which would cost a tool 5 ms at every start
COAP_PC     ?= libcoap-3-notls
# static: third-party archives are linked in, so a tool starts in under a
# millisecond; dynamic: what a distribution wants
LINK        ?= static
WERROR      ?=
V           ?= 0

# what a bare Debian 12 lacks: to build …
DEPS := gcc libc6-dev pkg-config libcoap3-dev libcbor-dev libsodium-dev nettle-dev libgmp-dev libjansson-dev \
        libedit-dev libpcap-dev libsqlite3-dev zlib1g-dev \
        libcmocka-dev bats jq libcoap3-bin tshark iproute2 procps time xxd \
        clang libclang-rt-14-dev cppcheck shellcheck mandoc bash-completion zsh fish
# … to test (second line: real peers), and to lint (third line)

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' $(1) $(2))

# goals that work before the packages are there; those in DEPS_FIRST install them and start make anew
DEPS_FIRST := demo demo-join check san bench fuzz lint
NO_DEPS    := deps clean help dist conformance uninstall $(DEPS_FIRST)
ifneq ($(shell command -v $(PKG_CONFIG) >/dev/null 2>&1 && $(PKG_CONFIG) --exists $(COAP_PC) && echo yes),yes)
ifneq ($(filter-out $(NO_DEPS),$(or $(MAKECMDGOALS),all)),)
$(error packages are missing ($(COAP_PC) is not found): run 'make deps' first)
endif
else
HAVE_DEPS := 1
endif

CPPFLAGS_OWN := -D_GNU_SOURCE -Ilibgc -Itools -DGC_VERSION='"$(VERSION)"'
WARNINGS := -Wall -Wextra -Wshadow -Wcast-qual -Wwrite-strings -Wmissing-prototypes \
            -Wconversion -Wsign-conversion -Wstrict-prototypes -Wpointer-arith \
            -Wformat=2 -Wvla -pedantic $(if $(WERROR),-Werror)
HARDEN   := -fstack-protector-strong -fPIE
CFLAGS   ?= -O2 -g
ifeq ($(findstring -fsanitize,$(CFLAGS)),)
HARDEN   += $(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif
CFLAGS_OWN  := -std=c11 $(WARNINGS) $(HARDEN)
LDFLAGS_OWN := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
COMPILE = $(CC) $(CPPFLAGS_OWN) $(CFLAGS_OWN) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP
LINKCMD = $(CC) $(CFLAGS) $(LDFLAGS_OWN) $(LDFLAGS)

# libcbor has no archive in Debian, and libpcap's would need half of the system's
COAP_LIB := $(COAP_PC:lib%=%)
ifdef HAVE_DEPS
PKG_CFLAGS := $(subst -I,-isystem ,$(shell $(PKG_CONFIG) --cflags $(COAP_PC)))
ifeq ($(LINK),static)
# (a flavour with a TLS library is linked dynamically, and that library with it)
STATIC_WANTED := $(filter %-notls,$(COAP_LIB)) sodium hogweed nettle gmp jansson edit bsd md tinfo
STATIC_FOUND  := $(patsubst lib%.a,%,$(notdir $(filter /%,$(shell for l in $(STATIC_WANTED); do $(CC) -print-file-name=lib$$l.a; done))))
STATIC_LACKS  := $(filter-out $(STATIC_FOUND),$(STATIC_WANTED))
ifneq ($(STATIC_LACKS),)
$(info make: no archive of $(STATIC_LACKS): linked dynamically. LINK=dynamic does so for all)
endif
endif
endif
lib = $(if $(filter $(1),$(STATIC_FOUND)),-l:lib$(1).a,-l$(1))
LIBS_GC   := $(call lib,$(COAP_LIB)) -lcbor $(foreach l,sodium hogweed nettle gmp jansson,$(call lib,$(l)))
LIBS_EDIT := $(if $(filter edit,$(STATIC_FOUND)),$(foreach l,edit bsd md tinfo,$(call lib,$(l))),-ledit)
LIBS_PCAP := -lpcap
LIBS_SQLITE := -lsqlite3

# --- what there is -----------------------------------------------------------
LIB_SRC    := $(sort $(wildcard libgc/*/*.c))
COMMON_SRC := $(sort $(wildcard tools/common/*.c))
TOOLS      := $(foreach f,$(sort $(wildcard tools/gc-*.c)),$(if $(findstring _,$(notdir $f)),,$(basename $(notdir $f))))
tool_src    = $(sort $(wildcard tools/$(1).c tools/$(1)_*.c))
obj         = $(patsubst %.c,$(BUILD)/%.o,$(1))

LIBGC := $(BUILD)/libgc.a
COMMON := $(BUILD)/tools-common.a

.DEFAULT_GOAL := all
.PHONY: all help clean completions deps install uninstall dist $(DEPS_FIRST)

## all          the library and the tools, in build/ (default)
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
LIBS_gc-as     = $(LIBS_SQLITE)
LIBS_gc-manager = $(LIBS_SQLITE)

define tool_rule
$(BUILD)/$(1): $(call obj,$(call tool_src,$(1))) $(COMMON) $(LIBGC)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINKCMD) -o $$@ $$^ $$(LIBS_$(1)) $$(LIBS_GC)
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rule,$(t))))

## deps         install the Debian packages that are missing (sudo where not root)
deps:
	@tests/deps.sh $(DEPS)

# make reads pkg-config before it runs anything: hence a second make once the packages are there
$(DEPS_FIRST): deps
	@$(MAKE) --no-print-directory do-$@

include tests/tests.mk

## install      tools, man pages, completions, libgroupcoap.a and headers (PREFIX, DESTDIR)
install: all
	$(INSTALL) -d $(addprefix $(DESTDIR),$(BINDIR) $(LIBDIR)/pkgconfig $(MANDIR)/man1 $(MANDIR)/man7 $(BASHCOMPDIR) $(ZSHCOMPDIR) $(FISHCOMPDIR))
	$(INSTALL) -m 755 $(TOOLS:%=$(BUILD)/%) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 644 $(wildcard man/*.1) $(DESTDIR)$(MANDIR)/man1
	$(INSTALL) -m 644 $(wildcard man/*.7) $(DESTDIR)$(MANDIR)/man7
	$(INSTALL) -m 644 $(wildcard completions/bash/*) $(DESTDIR)$(BASHCOMPDIR)
	$(INSTALL) -m 644 $(wildcard completions/zsh/*) $(DESTDIR)$(ZSHCOMPDIR)
	$(INSTALL) -m 644 $(wildcard completions/fish/*) $(DESTDIR)$(FISHCOMPDIR)
	$(INSTALL) -m 644 $(LIBGC) $(DESTDIR)$(LIBDIR)/libgroupcoap.a
	for header in $(patsubst libgc/%,%,$(wildcard libgc/*/*.h)); do \
	  $(INSTALL) -D -m 644 libgc/$$header $(DESTDIR)$(INCLUDEDIR)/groupcoap/$$header || exit 1; done
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	  -e 's|@COAP_PC@|$(COAP_PC)|' libgc/groupcoap.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/groupcoap.pc

## uninstall    remove what install put there
uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(BINDIR)/%) $(patsubst man/%,$(DESTDIR)$(MANDIR)/man1/%,$(wildcard man/*.1)) \
	  $(patsubst man/%,$(DESTDIR)$(MANDIR)/man7/%,$(wildcard man/*.7)) \
	  $(patsubst completions/bash/%,$(DESTDIR)$(BASHCOMPDIR)/%,$(wildcard completions/bash/*)) \
	  $(patsubst completions/zsh/%,$(DESTDIR)$(ZSHCOMPDIR)/%,$(wildcard completions/zsh/*)) \
	  $(patsubst completions/fish/%,$(DESTDIR)$(FISHCOMPDIR)/%,$(wildcard completions/fish/*)) \
	  $(DESTDIR)$(LIBDIR)/libgroupcoap.a $(DESTDIR)$(LIBDIR)/pkgconfig/groupcoap.pc
	rm -rf $(DESTDIR)$(INCLUDEDIR)/groupcoap

## completions  write completions/ anew from the tools' own option tables
completions: all
	@mkdir -p completions/bash completions/zsh completions/fish
	@for tool in $(TOOLS); do \
	  completions/generate.sh bash $(BUILD)/$$tool >completions/bash/$$tool && \
	  completions/generate.sh zsh $(BUILD)/$$tool >completions/zsh/_$$tool && \
	  completions/generate.sh fish $(BUILD)/$$tool >completions/fish/$$tool.fish || exit 1; done

## dist         groupcoap-VERSION.tar.gz of what is committed
dist:
	git archive --prefix=groupcoap-$(VERSION)/ -o groupcoap-$(VERSION).tar.gz HEAD

help:
	@sed -n 's/^## //p' Makefile tests/tests.mk

## clean        remove everything that was built
clean:
	rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
