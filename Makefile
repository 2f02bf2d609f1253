# Agent Sandbox for Windows. `make help` lists the targets; V=1 shows the commands.
#
# Everything is built out of tree in $(BUILD). The programs are cross-built with mingw-w64
# (ARCH=x86_64 or i686); the same file works in an MSYS2 UCRT64 shell. CFLAGS and LDFLAGS from the
# command line are appended to what the project needs, never replace it.

BUILD ?= build
ARCH  ?= x86_64
WINE  ?= wine
export BUILD

ifneq ($(MSYSTEM),)
CROSS   ?=
DEPS    := $(MINGW_PREFIX)
RUN     :=
else
CROSS   ?= $(ARCH)-w64-mingw32-
DEPS    := $(BUILD)/deps/$(ARCH)
endif
WINCC   := $(CROSS)gcc
WINDRES := $(CROSS)windres
WINDMC  := $(CROSS)windmc
# -p: without it strip writes a time stamp of its own into the header.
STRIP   := $(CROSS)strip -p
NATIVECC ?= gcc
Q := $(if $(V),,@)

# --- flags ---------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Wconversion -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wundef -Wimplicit-fallthrough -Wpointer-arith -Wwrite-strings
WARN += $(if $(WERROR),-Werror)
BASE := -std=c11 -I. $(WARN) -MMD -MP
WIN_CPPFLAGS := -D__USE_MINGW_ANSI_STDIO=1 -DUNICODE -D_UNICODE -I$(DEPS)/include \
        -D_FORTIFY_SOURCE=2
WIN_CFLAGS := $(BASE) $(WIN_CPPFLAGS) -Os -g0 -municode -ffunction-sections -fdata-sections \
        -fstack-protector-strong -fno-strict-aliasing -fno-asynchronous-unwind-tables -fno-ident
ifeq ($(ARCH),x86_64)
WIN_CFLAGS += -fcf-protection=full
WIN_HARDEN := -Wl,--high-entropy-va
endif
WIN_LDFLAGS := -static -municode -fstack-protector-strong -Wl,--gc-sections -Wl,--dynamicbase -Wl,--nxcompat $(WIN_HARDEN) \
        -Wl,--no-insert-timestamp -L$(DEPS)/lib
WIN_LIBS := -lcjson -ladvapi32 -lshell32 -lntdll -lole32 -lnetapi32 -lcrypt32 -luserenv
NATIVE_CFLAGS := $(BASE) -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
        -fno-omit-frame-pointer
NATIVE_LIBS := -lcjson

# --- sources -------------------------------------------------------------------------------------
CORE_SRC   := $(wildcard shared/core/*.c)
WINRING_SRC:= $(wildcard shared/win/*.c)
# The agent proves the fence again after a boot, through the chain as setup does.
AGENT_SRC  := $(wildcard agent/*.c) runner/hoprun.c runner/proofrun.c
# Pure files of the programs, tested natively like core.
PURE_SRC   := agent/cli.c agent/help.c agent/options.c agent/optionapply.c agent/rpcargs.c setup/engine.c setup/journal.c setup/arguments.c
RUNNER_SRC := $(filter-out runner/hoprun.c runner/proofrun.c,$(wildcard runner/*.c))
# setup proves the installed chain by running a command through it.
SETUP_SRC  := $(wildcard setup/*.c) runner/hoprun.c runner/proofrun.c agent/runnerproc.c
UNIT_SRC   := $(wildcard tests/unit/test_*.c)
WINTEST_SRC:= $(wildcard tests/win/test_*.c)
PROBE_SRC  := $(wildcard tests/probe/*.c)
SUPPORT_SRC:= $(wildcard tests/support/*.c)
WSUPPORT_SRC := $(wildcard tests/support/win/*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)

O := $(BUILD)/$(ARCH)
N := $(BUILD)/native
obj = $(addprefix $(O)/obj/,$(1:.c=.o))
nobj = $(addprefix $(N)/obj/,$(1:.c=.o))

LIBSBX  := $(O)/libsbx.a
PROGRAMS:= $(if $(AGENT_SRC),$(O)/agent.exe) $(if $(RUNNER_SRC),$(O)/command-runner.exe) \
           $(if $(SETUP_SRC),$(O)/sandbox-setup.exe) $(O)/sandbox-probe.exe $(O)/sandbox-events.dll
UNIT_EXE    := $(patsubst tests/unit/%.c,$(O)/tests/%.exe,$(UNIT_SRC))
WINTEST_EXE := $(patsubst tests/win/%.c,$(O)/tests/%.exe,$(WINTEST_SRC))
PROBE_EXE   := $(patsubst tests/probe/%.c,$(O)/tests/%.exe,$(PROBE_SRC))
UNIT_NATIVE := $(patsubst tests/unit/%.c,$(N)/tests/%,$(UNIT_SRC))
FUZZ_REPLAY := $(patsubst tests/fuzz/%.c,$(N)/fuzz/%,$(FUZZ_SRC))

.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:

.PHONY: all
all: programs tests-win  ## build the programs and the Windows tests (ARCH=x86_64|i686)

.PHONY: programs tests-win tests-native deps
programs: $(PROGRAMS)
tests-win: $(UNIT_EXE) $(WINTEST_EXE) $(PROBE_EXE)
tests-native: $(UNIT_NATIVE) $(FUZZ_REPLAY)

deps:
	$(Q)scripts/bootstrap

# The dependencies are installed once; order-only, so that they never cause a rebuild.
DEPS_MARK := $(if $(MSYSTEM),,$(BUILD)/deps/$(ARCH)/done)
$(BUILD)/deps/%/done:
	$(Q)scripts/bootstrap

# --- Windows -------------------------------------------------------------------------------------
$(O)/obj/%.o: %.c | $(DEPS_MARK)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_CFLAGS) $(CFLAGS) -c $< -o $@

$(LIBSBX): $(call obj,$(CORE_SRC) $(WINRING_SRC) $(PURE_SRC))
	$(Q)rm -f $@ && $(CROSS)gcc-ar rcsD $@ $^

$(O)/obj/%.res.o: %.rc shared/manifest.xml
	@mkdir -p $(@D)
	$(Q)$(WINDRES) -I. $< $@

# link OBJECTS, EXTRA FLAGS
define link
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) $(2) -o $@ $(1) $(LIBSBX) $(WIN_LIBS)
	$(Q)$(STRIP) $@
endef

$(O)/agent.exe: $(call obj,$(AGENT_SRC)) $(LIBSBX) $(patsubst %.rc,$(O)/obj/%.res.o,$(wildcard agent/*.rc))
	$(call link,$(filter %.o,$^),)
$(O)/command-runner.exe: $(call obj,$(RUNNER_SRC)) $(LIBSBX) $(patsubst %.rc,$(O)/obj/%.res.o,$(wildcard runner/*.rc))
	$(call link,$(filter %.o,$^),-mwindows -luserenv)
$(O)/sandbox-setup.exe: $(call obj,$(SETUP_SRC)) $(LIBSBX) $(patsubst %.rc,$(O)/obj/%.res.o,$(wildcard setup/*.rc))
	$(call link,$(filter %.o,$^),-lnetapi32)

# The texts of our events (shared/events.mc): resources only, so nothing of it is ever run, and the
# programs that show events never hold one of ours open.
$(O)/obj/events/events.rc: shared/events.mc
	@mkdir -p $(@D)
	$(Q)$(WINDMC) -h $(@D) -r $(@D) $<
$(O)/obj/events/sandbox-events.res.o: shared/sandbox-events.rc shared/version.h $(O)/obj/events/events.rc
	$(Q)$(WINDRES) -I. -I$(@D) $< $@
$(O)/sandbox-events.dll: $(O)/obj/events/sandbox-events.res.o
	$(Q)$(WINCC) -shared -nostdlib -Wl,--entry=0 $(filter -Wl%,$(WIN_LDFLAGS)) -o $@ $<
	$(Q)$(STRIP) $@

$(O)/tests/test_%.exe: $(O)/obj/tests/unit/test_%.o $(call obj,$(SUPPORT_SRC)) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
$(O)/tests/test_%.exe: $(O)/obj/tests/win/test_%.o $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC)) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
# Check ends a failed test by longjmp, which unwinds the stack by these tables on Windows; without
# them the program ends there and then, with nothing said.
$(O)/obj/tests/unit/%.o $(O)/obj/tests/win/%.o $(O)/obj/tests/support/%.o: WIN_CFLAGS += -fasynchronous-unwind-tables
define link_wrapped
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -Wl,--wrap=sbx_acl_get -Wl,--wrap=sbx_acl_set_dacl -o $@ \
	    $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
endef
# What `agent verify` attacks with: the suite's probe program (tests/suite), beside the others.
$(O)/sandbox-probe.exe: $(O)/suite/probe.exe
	$(Q)cp $< $@
# The grant engine with a seam at the two calls that touch descriptors (tests/support/grant).
GRANT_SRC := $(addprefix agent/,grants.c grantjournal.c grantjudge.c grantobject.c grantreport.c grantwalk.c ledger.c ledgerlist.c ledgershrink.c \
        linkset.c repair.c revoke.c revokewalk.c)
GRANT_TEST := $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC) $(wildcard tests/support/grant/*.c) $(GRANT_SRC)) $(LIBSBX)
$(O)/tests/test_grant.exe: $(O)/obj/tests/win/test_grant.o $(GRANT_TEST)
	$(call link_wrapped)
$(O)/tests/test_grant_%.exe: $(O)/obj/tests/win/test_grant_%.o $(GRANT_TEST)
	$(call link_wrapped)
# `agent why` and the audit on real objects, with the same seam.
WHY_SRC := $(addprefix agent/,whyread.c follow.c auditwalk.c auditplaces.c) $(GRANT_SRC)
$(O)/tests/test_why_%.exe: $(O)/obj/tests/win/test_why_%.o $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC) \
        $(wildcard tests/support/grant/*.c) $(WHY_SRC)) $(LIBSBX)
	$(call link_wrapped)
# The steps of set-up, linked on demand from its objects.
$(O)/setup-test.a: $(call obj,$(filter-out setup/main.c,$(SETUP_SRC)))
	$(Q)rm -f $@ && $(CROSS)gcc-ar rcsD $@ $^
$(O)/tests/test_step_%.exe: $(O)/obj/tests/win/test_step_%.o $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC)) $(O)/setup-test.a $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(O)/setup-test.a $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
$(O)/tests/test_approve.exe: $(O)/obj/tests/win/test_approve.o $(call obj,$(SUPPORT_SRC) agent/approve.c agent/follow.c) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
$(O)/tests/test_ask.exe: $(O)/obj/tests/win/test_ask.o $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC) agent/ask.c) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
# The caller's terminal, with a console host of the test's on the other side.
$(O)/tests/test_tty.exe: $(O)/obj/tests/win/test_tty.o $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC) agent/tty.c) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
# The caller's console as standard output.
$(O)/tests/test_streams.exe: $(O)/obj/tests/win/test_streams.o $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC) agent/streams.c) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
# Set-up's end of the pipe, with a hostile agent on the other one.
$(O)/tests/test_requester.exe: $(O)/obj/tests/win/test_requester.o $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC) \
        setup/requester.c) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
# The agent's end, with a stranger coming to it.
$(O)/tests/test_setupstart.exe: $(O)/obj/tests/win/test_setupstart.o $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC) \
        agent/setupstart.c agent/follow.c) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
# The watch over protected names, with the grant engine behind it.
PROTECT_SRC := $(wildcard agent/protect*.c agent/facts*.c $(GRANT_SRC)) agent/follow.c agent/installed.c
PROTECT_EXE := $(filter $(O)/tests/test_protect.exe $(O)/tests/test_protect_%.exe,$(WINTEST_EXE))
$(PROTECT_EXE): $(O)/tests/%.exe: $(O)/obj/tests/win/%.o $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC) \
        $(wildcard tests/support/protect/*.c) $(PROTECT_SRC)) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
# Commands through the chain of elevated mode, the way setup's proof runs them (tests/elevated).
$(O)/tests/hopdriver.exe: $(O)/obj/tests/probe/hopdriver.o $(call obj,runner/hoprun.c agent/runnerproc.c) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) $(WIN_LIBS)
# Set-up's steps without the network's, for the suite on a machine without a filter engine.
$(O)/tests/setupsteps.exe: $(O)/obj/tests/probe/setupsteps.o $(O)/setup-test.a $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(O)/setup-test.a $(LIBSBX) $(WIN_LIBS)
# What the agent records, with an event log that fails.
$(O)/tests/test_auditevents.exe: $(O)/obj/tests/win/test_auditevents.o $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC) \
        agent/auditevents.c agent/protectreport.c) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
# Leased accounts and the installation's record, on real folders.
$(O)/tests/test_lease.exe: $(O)/obj/tests/win/test_lease.o $(call obj,$(SUPPORT_SRC) $(WSUPPORT_SRC) \
        agent/lease.c agent/installed.c) $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) -lcheck -lpthread -lshlwapi $(WIN_LIBS)
$(O)/tests/%.exe: $(O)/obj/tests/probe/%.o $(LIBSBX)
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBSBX) $(WIN_LIBS) -lws2_32 -luser32

# --- the nt-suite: driver and probe program (tests/suite), plain API, nothing of libsbx ------------
SUITE_SRC      := $(filter-out tests/suite/probe_%,$(wildcard tests/suite/*.c))
SUITE_PROBE_SRC:= $(wildcard tests/suite/probe_*.c)

.PHONY: suite
suite: $(O)/suite/suite.exe $(O)/suite/probe.exe $(addprefix $(O)/suite/,setupsteps.exe hopdriver.exe hopchild.exe)
# The elevated rows' helpers: the two that link our code are started by the suite like the programs.
$(O)/suite/setupsteps.exe $(O)/suite/hopdriver.exe $(O)/suite/hopchild.exe: $(O)/suite/%.exe: $(O)/tests/%.exe
	@mkdir -p $(@D)
	$(Q)$(STRIP) -o $@ $<
$(O)/suite/suite.exe: $(call obj,$(SUITE_SRC))
$(O)/suite/probe.exe: $(call obj,$(SUITE_PROBE_SRC))
$(O)/suite/%.exe:
	@mkdir -p $(@D)
	$(Q)$(WINCC) $(WIN_LDFLAGS) $(LDFLAGS) -o $@ $^ -lcjson -ladvapi32 -lntdll -luser32 -lnetapi32 -lws2_32
	$(Q)$(STRIP) $@

nt-suite: deps  ## build/nt-suite/{x86_64,i686}: programs, driver, probe and run.cmd for any NT machine
	$(Q)for a in x86_64 i686; do $(MAKE) -s -j2 ARCH=$$a programs suite && \
	    tests/suite/assemble.sh $$a $(BUILD)/nt-suite/$$a || exit; done

# --- native tests --------------------------------------------------------------------------------
$(N)/obj/%.o: %.c | $(DEPS_MARK)
	@mkdir -p $(@D)
	$(Q)$(NATIVECC) $(NATIVE_CFLAGS) $(CFLAGS) -c $< -o $@

$(N)/libsbx.a: $(call nobj,$(CORE_SRC) $(PURE_SRC))
	$(Q)rm -f $@ && ar rcsD $@ $^

$(N)/tests/test_%: $(N)/obj/tests/unit/test_%.o $(call nobj,$(SUPPORT_SRC)) $(N)/libsbx.a
	@mkdir -p $(@D)
	$(Q)$(NATIVECC) -fsanitize=address,undefined $(LDFLAGS) -o $@ $^ -lcheck -lm -lsubunit -lpthread $(NATIVE_LIBS)

$(N)/fuzz/fuzz_%: $(N)/obj/tests/fuzz/fuzz_%.o $(N)/obj/tests/fuzz/replay.o $(N)/libsbx.a
	@mkdir -p $(@D)
	$(Q)$(NATIVECC) -fsanitize=address,undefined $(LDFLAGS) -o $@ $^ $(NATIVE_LIBS)

-include $(shell find $(BUILD)/native $(BUILD)/x86_64 $(BUILD)/i686 -name '*.d' 2>/dev/null)

# --- verbs ---------------------------------------------------------------------------------------
.PHONY: test demo check failures mutants lint format format-check fuzz bench nt-suite dist install clean help

# Quiet unless something is wrong; V=1 shows more.
test:  ## install what is missing, build, run every test; ends with "N passed, N failed, N skipped"
	$(Q)scripts/bootstrap --native --cross --wine --ntwine --samba --npm --mcp
	@echo "test: building" >&2
	$(Q)$(MAKE) -s -j2 tests-native
	$(Q)$(MAKE) -s -j2 all suite
	$(Q)$(MAKE) -s -j2 ARCH=i686 programs suite
	@echo "test: running" >&2
	$(Q)tests/run native replay static samba hosts mcp stock ntwine doubles elevated setup

check: format-check lint test mutants failures  ## what a change must pass

failures:  ## an error or a death at every call of set-up, its repair and its undoing (some 25 minutes on two processors, FAILURES=--short: about half)
	$(Q)scripts/bootstrap --cross --wine --ntwine
	$(Q)$(MAKE) -s -j2 programs
	$(Q)tests/e2e/failures $(FAILURES)

mutants:  ## break the boundary and the planner on purpose, one change at a time: the tests must notice
	$(Q)scripts/bootstrap --native --cross --wine --ntwine
	$(Q)$(MAKE) -s -j2 tests-native
	$(Q)$(MAKE) -s -j2 all suite
	$(Q)tests/planner-mutants
	$(Q)tests/mutants
	$(Q)tests/verify-mutants

lint:  ## banned functions, function length, cppcheck, clang-tidy, gcc -fanalyzer
	$(Q)scripts/bootstrap --lint
	$(Q)scripts/lint

demo:  ## install what is missing, build, run the main job on a small project and show it
	$(Q)scripts/bootstrap --cross --demo --ntwine
	$(Q)$(MAKE) -s -j2 programs
	$(Q)scripts/demo

bench: deps  ## ratios against a bare process: start-up, output, memory
	$(Q)$(MAKE) -s -j2 programs suite $(O)/tests/empty.exe $(O)/tests/resident.exe $(O)/tests/aclset.exe
	$(Q)scripts/bench
	$(Q)scripts/bench-grants --platform stock
	$(Q)$(if $(wildcard $(BUILD)/ntwine/stamp),scripts/bench-grants --platform ntwine,echo "bench-grants on ntwine: not built (scripts/bootstrap --ntwine)")

# clang's libFuzzer; FUZZ=json TIME=60 runs one, the default is all for TIME seconds each.
FUZZ ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SRC))
TIME ?= 30
fuzz: deps  ## fuzz the parsers (FUZZ=json TIME=60)
	$(Q)scripts/fuzz "$(TIME)" $(FUZZ)

dist: deps  ## source archive, stripped programs of both architectures, SHA256SUMS in build/dist
	$(Q)$(MAKE) -s -j2 ARCH=x86_64 programs
	$(Q)$(MAKE) -s -j2 ARCH=i686 programs
	$(Q)scripts/dist

DESTDIR ?= $(BUILD)/install
install: programs  ## copy the programs to DESTDIR; touches no account, no rule, no ACL
	$(Q)mkdir -p $(DESTDIR) && cp $(PROGRAMS) $(DESTDIR)/

C_FILES = $(shell git ls-files '*.c' '*.h')
format:  ## clang-format every C file in place
	$(Q)clang-format -i $(C_FILES)
format-check:  ## fail when clang-format would change a file
	$(Q)clang-format --dry-run -Werror $(C_FILES)

clean:  ## remove what was built (the downloaded dependencies stay; `rm -rf build` removes all)
	$(Q)rm -rf $(BUILD)/x86_64 $(BUILD)/i686 $(BUILD)/native $(BUILD)/fuzz

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
