/*
 * What is looked at before a person is asked for consent (UAC): facts about machine and user, and
 * the decision on each of them as data. Pure; agent/preflight.h gathers the facts.
 *
 * A finding either stops the set-up (fatal: it would fail after the prompt, or leave something that
 * does not hold) or is said and goes on. A fact that could not be asked is unknown, and unknown
 * stops nothing: setup looks again with more rights.
 */
#ifndef SBX_PREFLIGHT_H
#define SBX_PREFLIGHT_H

#include "setupmsg.h"

enum sbx_known { SBX_UNKNOWN = 0, SBX_KNOWN_NO, SBX_KNOWN_YES };

/* How this user becomes an administrator. */
enum sbx_elevation {
    SBX_ELEVATION_UNKNOWN = 0,
    SBX_ELEVATION_FULL,    /* elevated already (or UAC is off and the user is an administrator) */
    SBX_ELEVATION_LIMITED, /* an administrator's filtered token: a click on Yes */
    SBX_ELEVATION_USER     /* somebody else's name and password must be typed */
};

/* One volume that will carry state. */
struct sbx_preflight_volume {
    const char *what;        /* "Program Files"; borrowed */
    enum sbx_known has_acls; /* FILE_PERSISTENT_ACLS */
    char filesystem[32];
};

#define SBX_PREFLIGHT_VOLUMES 3u

struct sbx_preflight_facts {
    enum sbx_known is_domain_controller;
    enum sbx_known seclogon_exists;
    enum sbx_known seclogon_disabled; /* start type: the service cannot be started */
    enum sbx_known in_sandbox_group;  /* this user */
    enum sbx_known is_restricted;     /* this process runs in a sandbox */
    enum sbx_known is_wow64;          /* the 32-bit build on a 64-bit Windows */
    enum sbx_known uac_enabled;       /* EnableLUA */
    enum sbx_known prompts_for_users; /* ConsentPromptBehaviorUser is not "deny" */
    enum sbx_known is_interactive;    /* a window station that a prompt can be shown on */
    enum sbx_known is_download;       /* sandbox-setup.exe carries the mark of another machine */
    enum sbx_elevation elevation;
    uint32_t password_min_length; /* of the machine's password policy; 0 = none or unknown */
    struct sbx_preflight_volume volumes[SBX_PREFLIGHT_VOLUMES];
    size_t volume_count;
};

#define SBX_PREFLIGHT_TEXT_MAX 240u
#define SBX_PREFLIGHT_FINDINGS_MAX 16u

struct sbx_preflight_finding {
    const char *check; /* static: "domain-controller", "seclogon", ... */
    bool fatal;
    char text[SBX_PREFLIGHT_TEXT_MAX];   /* what is, one sentence without a full stop */
    char remedy[SBX_PREFLIGHT_TEXT_MAX]; /* what to do about it */
};

struct sbx_preflight_report {
    struct sbx_preflight_finding items[SBX_PREFLIGHT_FINDINGS_MAX];
    size_t count;
    bool fatal; /* one of them is */
};

/**
 * Whether a stream "Zone.Identifier" says that the file came from another machine: zone 3
 * (internet) or above. Attachment Manager and SmartScreen go by it when the shell starts the file,
 * which is how a prompt for consent begins.
 * @see
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-fscc/6e3f7352-d11c-4d76-8c39-2516a9df36e8
 */
bool sbx_preflight_is_download(const char *text, size_t length_bytes);

/** Judge the facts for what is about to be done. Uninstalling is hindered by nothing but rights. */
void sbx_preflight_judge(const struct sbx_preflight_facts *facts, enum sbx_setup_mode mode,
    struct sbx_preflight_report *ret_report);

#endif
