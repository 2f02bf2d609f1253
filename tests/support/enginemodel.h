/*
 * A machine made of numbers for the engine of set-up: steps that change it, a journal, and one harm
 * at one call of anything. For test_engine.c and test_engine_failures.c.
 */
#ifndef SBX_TESTS_ENGINEMODEL_H
#define SBX_TESTS_ENGINEMODEL_H

#include "setup/engine.h"
#include "setup/journal.h"

enum {
    EM_NONE = 0,
    EM_BROKEN = 1,
    EM_OURS = 2,
    EM_OURS_TWO = 3 /* with a second operator */,
    EM_THEIRS = 9
};

#define EM_STEPS 13
#define EM_OBJECTS 3
#define EM_JOURNAL_BYTES 24576u
#define EM_LINES 240u

#define EM_GROUP 3u
#define EM_ACCOUNTS 4u
#define EM_RIGHTS 5u
#define EM_HIDDEN 6u
#define EM_SECRETS 7u
#define EM_FENCE 8u
#define EM_ENABLE 10u
#define EM_PROOF 11u
#define EM_RECORD 12u

/* A journal line without its text. */
struct em_line {
    uint8_t kind;
    const char *step;
    const char *object;
};

/*
 * Its journal is kept as lines and as text. Reading the text takes most of the time, so the large
 * enumerations use the lines alone (`em_by_text` false), and the others check that both say the
 * same.
 */
struct em_machine {
    uint8_t object[EM_STEPS][EM_OBJECTS];
    struct em_line line[EM_LINES];
    size_t lines;
    char journal[EM_JOURNAL_BYTES];
    size_t journal_bytes;
};

/* What goes wrong, at the at-th call of anything. */
enum em_harm {
    EM_NO_HARM,
    EM_FAIL,       /* the call fails and did nothing */
    EM_FAIL_AFTER, /* the call fails although it did its work */
    EM_POWER,      /* the machine stops before the call; a journal line is torn */
    EM_POWER_AFTER,
    EM_JOURNAL_DEAD, /* from here on no journal line can be written */
    EM_HARMS
};

struct em_world {
    struct em_machine m;
    struct sbx_journal_records records;
    size_t good_bytes;
    size_t good_lines;
    uint8_t wanted[EM_STEPS]; /* value of every object of the step */
    size_t calls;
    size_t at;
    enum em_harm harm;
    bool struck;
    bool dead;
    bool unsafe;      /* the boundary was changed, or not there, while the gate was open */
    bool unannounced; /* a change without a line before it */
    unsigned told[5];
};

enum em_verb { EM_BUILD, EM_REMOVE };

extern const unsigned em_step_objects[EM_STEPS];
extern const char *const em_step_names[EM_STEPS];
extern struct em_world em_w;
extern struct sbx_error em_err;            /* of the last run */
extern bool em_by_text;                    /* true after em_setup */
extern struct sbx_step em_steps[EM_STEPS]; /* a test may change them */
extern struct sbx_engine em_engine;

/** The fixture: an empty machine and steps that do their work. */
void em_setup(void);
void em_new_machine(void);
/** A machine on which a build went well. */
void em_installed_machine(void);
/** What SECRETS and RECORD shall be; everything else shall be EM_OURS. */
void em_want(uint8_t value);

/** Switch the machine on, run, switch it off. @param at the call that is harmed */
enum sbx_status em_run(
    enum em_verb verb, enum em_harm harm, size_t at, struct sbx_engine_outcome *outcome);
/** Into em_w.records, as a run does it first. */
void em_read_journal(void);

/** Every object is as wanted. */
bool em_complete(void);
/** Nothing of ours; what is theirs is as in `before`. */
bool em_empty(const struct em_machine *before);
bool em_gate_open(void);

#endif
