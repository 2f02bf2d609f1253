/*
 * Tests against what ntwine doubles (accounts, rights, logon, filters): where they can run, what
 * was called, calls that fail, and skips that are counted.
 *
 * The double's records lie in PREFIX/ntwine-state.json, which it reads anew for each call, and what
 * was called in PREFIX/ntwine-calls.jsonl (tests/ntwine/README.md). Nothing of this exists on
 * Windows: there, a test that would change the machine runs only when SBX_CHANGE_MACHINE=1 says
 * that the machine may be changed.
 */
#ifndef SBX_TESTS_DOUBLES_H
#define SBX_TESTS_DOUBLES_H

#include "shared/win/win.h"
#include "tests/support/unit.h"

/** UNIT_MAIN that counts skips: ends with "N passed, N failed, N skipped". */
int doubles_run(const char *name, void (*add_tests)(TCase *tcase));
#define DOUBLES_MAIN(name, add_tests)                                                              \
    int wmain(void);                                                                               \
    int wmain(void)                                                                                \
    {                                                                                              \
        return doubles_run(name, add_tests);                                                       \
    }

/** Count this test as skipped, with the reason in the output. The test then returns. */
void doubles_skip(const char *test, const char *reason);

/**
 * Why accounts cannot be changed here, or NULL: stock Wine has none; an ordinary token may not; a
 * real machine must be offered.
 */
const char *doubles_why_not(void);

/** First line of a test that needs accounts and an administrator's token. */
#define DOUBLES_NEED()                                                                             \
    do {                                                                                           \
        if (doubles_why_not()) {                                                                   \
            doubles_skip(__func__, doubles_why_not());                                             \
            return;                                                                                \
        }                                                                                          \
    } while (0)
/** As above, and on ntwine only: failures are injected, records edited. */
#define DOUBLES_NEED_NTWINE()                                                                      \
    do {                                                                                           \
        DOUBLES_NEED();                                                                            \
        if (!doubles_present()) {                                                                  \
            doubles_skip(__func__, "only a test double fails on demand");                          \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/** The platform is ntwine. */
bool doubles_present(void);

/** The text of ntwine-state.json; free(). */
char *doubles_state(void);

/** How many calls of a doubled function this process has made. */
unsigned doubles_calls(const char *function);

/**
 * Empty the log of calls; doubles_calls goes on counting. For tests that make many calls:
 * doubles_calls reads the whole log.
 */
void doubles_forget_calls(void);

/** Make the nth call from now (1 = the next) of a doubled function fail with a Win32 code. */
void doubles_fail(const char *function, unsigned nth, uint32_t code);
/** No call fails any more. */
void doubles_clear(void);

/**
 * Set a field of the record of a kind that has a name: ("user", "NAME", "password_expired", "1");
 * of every record of the kind when the name is NULL ("machine").
 * Fails the test when there is no such record.
 */
void doubles_set(const char *kind, const char *name, const char *field, const char *value);

/** Records of a kind ("user", "right", "member", ...). */
unsigned doubles_count(const char *kind);

#endif
