/*
 * `agent why` as a pure function: which entry of an access list decides whether a command may
 * read, write or delete a path, now and after the grants of its run.
 *
 * The question carries real descriptors, the plan of the run and the planned token as data; the
 * answer comes from the access check of accesscheck.h. Nothing is looked up here.
 *
 * What a run would make true is computed with the same steps that the grant engine takes
 * (grantunit.h, grantstep.h): explicit entries on the objects that the plan names, and the block
 * that they pass on to everything below, unless the ledger says that the walk over them is done. A
 * file that lacks the block although the walk is done was moved in: it kept the access list of
 * where it came from, and no later run touches it (design 4 and 9).
 */
#ifndef SBX_WHYANSWER_H
#define SBX_WHYANSWER_H

#include "accesscheck.h"
#include "inherit.h"
#include "jsonwrite.h"
#include "plan.h"
#include "tokenplan.h"

enum sbx_why_op { SBX_WHY_READ = 1, SBX_WHY_WRITE, SBX_WHY_DELETE };

/* One object on disk. */
struct sbx_why_object {
    const char *path; /* normal */
    bool is_directory;
    bool read_only;                          /* FILE_ATTRIBUTE_READONLY on a file */
    uint32_t links;                          /* 1 for an ordinary file; the engine skips others */
    const struct sbx_descriptor *descriptor; /* NULL: there is none (missing; no parent) */
};

/* All borrowed. */
struct sbx_why_question {
    enum sbx_why_op op;
    struct sbx_why_object object; /* descriptor NULL: a file that does not exist yet */
    struct sbx_why_object parent; /* the directory it is in; descriptor NULL for a volume root */
    /* The objects above it that the plan puts entries on, as far as they could be read. */
    const struct sbx_why_object *above;
    size_t above_count;
    const struct sbx_strings *walked; /* capability SIDs of roots whose walk the ledger has done */
    const struct sbx_plan *plan;
    const struct sbx_access_token *token;
    const struct sbx_creator *creator; /* what a new object takes from the token */
    unsigned readings;                 /* enum sbx_access_reading */
};

/* One answer to one question, with the entry that gave it. */
struct sbx_why_verdict {
    bool granted;
    struct sbx_access_step step; /* that decided; mask 0: nothing decided */
    enum sbx_access_pass pass;   /* of the step; for a right that the directory gives, of that */
    bool on_parent;              /* the entry is in the directory's list */
    bool has_ace;                /* the members below are of a real entry */
    uint8_t ace_type;
    uint8_t ace_flags;
    uint32_t ace_mask;
};

struct sbx_why_answer {
    uint32_t desired; /* rights asked for, on the object */
    bool exists;
    struct sbx_why_verdict now;     /* with the descriptors as they are */
    struct sbx_why_verdict planned; /* after the grants of a run: the answer */
    bool will_change;               /* the two differ: not granted yet, or taken away by the run */
    bool moved_in;        /* would be answered otherwise if it had inherited from its root */
    bool outside;         /* in no root that the plan makes writable */
    bool left_over;       /* outside, and yet allowed by the capability of a root: was moved out */
    bool residual_delete; /* FILE_DELETE_CHILD of the directory decided, which pass 2 never sees */
    bool protected_name;  /* a name that is watched for: what is made under it is undone */
    const struct sbx_plan_root *root; /* innermost one that holds the path; NULL; of the plan */
    const struct sbx_plan_ace *rule;  /* planned entry behind `planned`; NULL: none; of the plan */
};

/** "read", "write" or "delete". */
const char *sbx_why_op_name(enum sbx_why_op op);

/** The rights that an operation asks for: what CreateFile asks with GENERIC_READ or GENERIC_WRITE;
 * making files and directories for `write` on a directory; DELETE. */
uint32_t sbx_why_desired(enum sbx_why_op op, bool is_directory);

/**
 * Answer.
 * @return SBX_INVALID: neither the object nor its directory has a descriptor; SBX_OOM; what
 *         sbx_grant_units_make says of a plan that cannot be granted
 */
SBX_MUST_CHECK enum sbx_status sbx_why_ask(const struct sbx_why_question *question,
    struct sbx_why_answer *ret_answer, struct sbx_error *err);

/**
 * The descriptor of an object after the grants of a run.
 * @param whole true: as if every walk went over it again
 * @param ret_descriptor must be {0}; owned
 */
SBX_MUST_CHECK enum sbx_status sbx_why_planned(const struct sbx_why_question *question,
    const struct sbx_why_object *object, bool whole, struct sbx_descriptor *ret_descriptor,
    struct sbx_error *err);

/* --- places outside (agent audit writable) ---------------------------------------------------- */

/* What of one object a command could still change. */
struct sbx_why_hole {
    uint32_t rights;   /* making files or directories, writing, deleting it, changing its list */
    bool files_in_it;  /* not the directory, but files that inherit from it */
    bool delete_child; /* the residual: FILE_DELETE_CHILD by pass 1 alone; no hole by itself */
    struct sbx_why_verdict verdict; /* of the lowest of the rights; now.granted */
};

/**
 * Would the token get a right to write, when the policy gives none?
 * @param ret_hole always filled
 * @return true when there are rights
 */
bool sbx_why_find_hole(const struct sbx_descriptor *descriptor, bool is_directory,
    const struct sbx_access_token *token, unsigned readings, struct sbx_why_hole *ret_hole);

/* --- the token (whytoken.c) ------------------------------------------------------------------- */

/* The token that a token plan makes, as the access check wants it. Start with {0}. */
struct sbx_why_token {
    struct sbx_access_token token; /* points into the arrays */
    struct sbx_access_group *groups;
    struct sbx_sid *restricting;
};

/** @return SBX_OOM; release with sbx_why_token_done */
SBX_MUST_CHECK enum sbx_status sbx_why_token_make(
    const struct sbx_tokenplan *plan, struct sbx_why_token *ret_token, struct sbx_error *err);
void sbx_why_token_done(struct sbx_why_token *token);

/* --- words (whyformat.c) ---------------------------------------------------------------------- */

/**
 * What a SID is to this run: "capability of root 'C:\x'", "run SID", "logon SID", "the user",
 * "Everyone", ... or `account`, or "" when nothing is known.
 * @param account name from the system; NULL: not known
 */
SBX_MUST_CHECK enum sbx_status sbx_why_sid(const struct sbx_sid *sid, const struct sbx_plan *plan,
    const char *account, struct sbx_buf *ret_text, struct sbx_error *err);

/** What a planned entry stands for: "a protected name (protect)". */
const char *sbx_why_rule(const char *why);

/**
 * The answer for people, several lines, each with a line end.
 * @param account names of the deciding SIDs of `now` and `planned`; each may be NULL: not known
 */
SBX_MUST_CHECK enum sbx_status sbx_why_text(const struct sbx_why_question *question,
    const struct sbx_why_answer *answer, const char *const account[2], struct sbx_buf *ret_text,
    struct sbx_error *err);

/** One verdict for people: "allow entry 3 (inherited), mask 0x..., of S-1-... (Everyone), in pass 2
 * (restricting SIDs)". @param parent_path directory of the object; NULL when there is none */
SBX_MUST_CHECK enum sbx_status sbx_why_verdict_text(const struct sbx_why_verdict *verdict,
    const struct sbx_plan *plan, const char *parent_path, const char *account,
    struct sbx_buf *ret_text, struct sbx_error *err);

/** The same as the value of a key. A failure of the writer shows at its end. @return SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_why_verdict_json(const struct sbx_why_verdict *verdict,
    const struct sbx_plan *plan, const char *path, const char *key, const char *account,
    struct sbx_json_writer *w, struct sbx_error *err);

/** The answer as one JSON object on one line, with a line end. */
SBX_MUST_CHECK enum sbx_status sbx_why_json(const struct sbx_why_question *question,
    const struct sbx_why_answer *answer, const char *const account[2], struct sbx_buf *ret_json,
    struct sbx_error *err);

#endif
