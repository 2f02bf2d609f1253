/*
 * The environment of the child: built, not inherited (design 7).
 *
 *   1. From the caller come a fixed list of system variables and what `pass` names. What looks
 *      like a secret is left out unless `pass` has its exact name; what `scrub` names, always.
 *   2. TEMP and caches point to folders the command may write; in elevated mode the whole profile.
 *   3. Stubs while the network is advisory; then `set`, which has the last word on everything but
 *      the place of the deny-bin folder on PATH.
 */
#include "plan_parts.h"

#include <stdio.h>

#include "utf.h"
#include "winpath.h"

/* System variables that programs need to start and to behave; none of them holds a secret. */
static const char *const base_names[] = {"SystemRoot", "SystemDrive", "windir", "ComSpec", "PATH",
    "PATHEXT", "NUMBER_OF_PROCESSORS", "PROCESSOR_*", "OS", "DriverData", "ProgramFiles",
    "ProgramFiles(*)", "ProgramW6432", "ProgramData", "CommonProgramFiles", "CommonProgramFiles(*)",
    "CommonProgramW6432", "ALLUSERSPROFILE", "PUBLIC", "COMPUTERNAME", "USERNAME", "USERDOMAIN",
    "USERPROFILE", "HOME", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP",
    "LANG", "LANGUAGE", "LC_*", "TZ", "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "CLICOLOR",
    "CLICOLOR_FORCE", "COLUMNS", "LINES"};

/* Folders below the home, by variable. */
struct redirect {
    const char *name;
    const char *below; /* "" = the home itself */
};

static const struct redirect caches[] = {
    {"GOCACHE", "go-build"},
    {"CARGO_HOME", "cargo"},
    {"NUGET_PACKAGES", "nuget"},
    {"DOTNET_CLI_HOME", "dotnet"},
    {"npm_config_cache", "npm"},
    {"PIP_CACHE_DIR", "pip"},
    {"GRADLE_USER_HOME", "gradle"},
};

/* Elevated: the account has no profile of its own (it never logs on with one). */
static const struct redirect profile[] = {
    {"USERPROFILE", ""},
    {"HOME", ""},
    {"APPDATA", "AppData\\Roaming"},
    {"LOCALAPPDATA", "AppData\\Local"},
};

static bool matches_any(const char *const *patterns, size_t count, const char *name)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (sbx_env_name_matches(patterns[i], name))
            return true;
    return false;
}

static bool is_listed(const struct sbx_strings *list, const char *name)
{
    return matches_any((const char *const *)list->items, list->count, name);
}

/* Named in `pass` letter by letter (not by a pattern): somebody meant this variable. */
static bool is_passed_by_name(const struct sbx_policy *policy, const char *name)
{
    size_t i;

    for (i = 0; i < policy->env_pass.count; i++)
        if (sbx_utf_equal_ci_ascii(policy->env_pass.items[i], name))
            return true;
    return false;
}

/* --- from the caller ----------------------------------------------------------------------- */

static enum sbx_status take(
    struct sbx_plan_work *work, const struct sbx_env_var *var, struct sbx_error *err)
{
    const struct sbx_policy *policy = work->policy;
    struct sbx_plan *plan = work->plan;
    bool by_name = is_passed_by_name(policy, var->name);
    enum sbx_status status = SBX_OK;

    if (var->name[0] == '=') /* per-drive directories of the caller's shell */
        return SBX_OK;
    if (!matches_any(base_names, countof(base_names), var->name) &&
        !is_listed(&policy->env_pass, var->name))
        return SBX_OK;
    if (is_listed(&policy->env_scrub, var->name) || (sbx_plan_is_secret(var->name) && !by_name))
        return sbx_strings_add(&plan->environment_scrubbed, var->name, err);
    if (sbx_plan_is_secret(var->name))
        status = sbx_plan_warn(plan, err,
            "'%s' looks like a secret and is passed because environment.pass names it", var->name);
    return status ? status : sbx_env_set(&plan->environment, var->name, var->value, err);
}

/* Quotes are part of how people write PATH entries; what is between them counts. */
static bool is_absolute_entry(const char *entry, size_t length_bytes)
{
    char start[8] = "";
    enum sbx_winpath_kind kind;

    if (length_bytes && entry[0] == '"') {
        entry++;
        length_bytes--;
    }
    snprintf(start, sizeof(start), "%.*s", (int)(length_bytes < 7 ? length_bytes : 7), entry);
    kind = sbx_winpath_classify(start);
    return kind == SBX_WINPATH_DRIVE || (length_bytes > 2 && kind == SBX_WINPATH_UNC);
}

/* A relative entry of PATH means another folder in each directory: programs of the workspace. */
static enum sbx_status clean_path(struct sbx_env *env, struct sbx_error *err)
{
    const char *at = sbx_env_get(env, "PATH");
    enum sbx_status status = SBX_OK;
    struct sbx_buf text;

    if (!at)
        return SBX_OK;
    sbx_buf_init(&text, 4 * SBX_ENV_VAR_MAX_CCH);
    status = sbx_buf_puts(&text, "", err);
    while (!status && *at) {
        bool quoted = false;
        size_t length;

        for (length = 0; at[length] && (quoted || at[length] != ';'); length++)
            if (at[length] == '"')
                quoted = !quoted;
        if (is_absolute_entry(at, length)) {
            if (text.length_bytes)
                status = sbx_buf_putc(&text, ';', err);
            if (!status)
                status = sbx_buf_add(&text, at, length, err);
        }
        at += length + (at[length] == ';');
    }
    if (!status)
        status = sbx_env_set(env, "PATH", text.data, err);
    sbx_buf_done(&text);
    return status;
}

/* --- folders ------------------------------------------------------------------------------- */

static enum sbx_status redirect_all(struct sbx_plan_work *work, const struct redirect *rows,
    size_t count, const char *home, struct sbx_error *err)
{
    struct sbx_env *env = &work->plan->environment;
    enum sbx_status status = SBX_OK;
    struct sbx_buf path;
    size_t i;

    sbx_buf_init(&path, 4 * SBX_ENV_VAR_MAX_CCH);
    for (i = 0; !status && i < count; i++) {
        if (is_passed_by_name(work->policy, rows[i].name) && sbx_env_get(env, rows[i].name))
            continue;
        sbx_buf_clear(&path);
        status =
            sbx_buf_printf(&path, err, "%s%s%s", home, rows[i].below[0] ? "\\" : "", rows[i].below);
        if (!status)
            status = sbx_env_set(env, rows[i].name, path.data, err);
    }
    sbx_buf_done(&path);
    return status;
}

/* HOMEDRIVE + HOMEPATH, and the name of the account instead of the caller's. */
static enum sbx_status set_identity(
    struct sbx_plan_work *work, const char *home, struct sbx_error *err)
{
    struct sbx_env *env = &work->plan->environment;
    char drive[3] = {home[0], home[0] ? home[1] : '\0', '\0'};
    enum sbx_status status = sbx_env_set(env, "USERNAME", work->plan->account, err);

    sbx_env_unset(env, "USERDOMAIN");
    if (!status && drive[1] == ':')
        status = sbx_env_set(env, "HOMEDRIVE", drive, err);
    if (!status && drive[1] == ':')
        status = sbx_env_set(env, "HOMEPATH", home + 2, err);
    return status;
}

static enum sbx_status redirect_folders(struct sbx_plan_work *work, struct sbx_error *err)
{
    const struct sbx_facts *facts = work->facts;
    const struct sbx_plan *plan = work->plan;
    const struct redirect temp[] = {{"TEMP", ""}, {"TMP", ""}};
    bool elevated = plan->mode == SBX_MODE_ELEVATED;
    /* The home is granted to the capability of the working directory: no use without it. */
    const char *home = plan->roots[0].writable ? facts->home_directory : NULL;
    enum sbx_status status = SBX_OK;

    if (!home && elevated)
        home = facts->temp_directory;
    if (home)
        status = redirect_all(work, caches, countof(caches), home, err);
    if (!status && home && elevated)
        status = redirect_all(work, profile, countof(profile), home, err);
    if (!status && home && elevated)
        status = set_identity(work, home, err);
    if (!status && facts->temp_directory)
        status = redirect_all(work, temp, countof(temp), facts->temp_directory, err);
    return status;
}

/* --- git ------------------------------------------------------------------------------------ */

static enum sbx_status set_git_entry(
    struct sbx_env *env, unsigned index, const char *root, bool below, struct sbx_error *err)
{
    char name[40];
    enum sbx_status status;
    struct sbx_buf value;
    size_t i;

    snprintf(name, sizeof(name), "GIT_CONFIG_KEY_%u", index);
    status = sbx_env_set(env, name, "safe.directory", err);
    snprintf(name, sizeof(name), "GIT_CONFIG_VALUE_%u", index);
    sbx_buf_init(&value, 4 * SBX_ENV_VAR_MAX_CCH);
    if (!status)
        status = sbx_buf_printf(&value, err, "%s%s", root, below ? "/*" : "");
    for (i = 0; !status && i < value.length_bytes; i++)
        if (value.data[i] == '\\')
            value.data[i] = '/';
    if (!status)
        status = sbx_env_set(env, name, value.data, err);
    sbx_buf_done(&value);
    return status;
}

/*
 * The account does not own the user's repository, and git refuses to work there ("dubious
 * ownership") unless it is named. Added behind what the caller passed.
 * @see https://git-scm.com/docs/git-config (GIT_CONFIG_COUNT)
 */
static enum sbx_status set_git_safe(struct sbx_plan_work *work, struct sbx_error *err)
{
    struct sbx_env *env = &work->plan->environment;
    const char *root = work->facts->git_root ? work->facts->git_root : work->plan->cwd;
    const char *given = sbx_env_get(env, "GIT_CONFIG_COUNT");
    bool is_number = given && *given && !given[strspn(given, "0123456789")];
    unsigned long count = is_number ? strtoul(given, NULL, 10) : 0;
    char text[16];
    enum sbx_status status;

    if (count > 1000) /* not a number git would accept: ours alone */
        count = 0;
    status = set_git_entry(env, (unsigned)count, root, false, err);
    if (!status)
        status = set_git_entry(env, (unsigned)count + 1, root, true, err);
    snprintf(text, sizeof(text), "%lu", count + 2);
    return status ? status : sbx_env_set(env, "GIT_CONFIG_COUNT", text, err);
}

/* --- all ------------------------------------------------------------------------------------ */

static enum sbx_status apply_set(struct sbx_plan_work *work, struct sbx_error *err)
{
    const struct sbx_strings *list = &work->policy->env_set;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < list->count; i++) {
        char *name = NULL, *equals;

        status = sbx_strdup(list->items[i], &name, err);
        if (status)
            break;
        equals = strchr(name, '=');
        if (!equals) {
            status = sbx_fail(err, SBX_INTERNAL, "environment.set entry without '='");
        } else {
            *equals = '\0';
            status = sbx_env_set(&work->plan->environment, name, equals + 1, err);
            sbx_wipe(equals + 1, strlen(equals + 1));
        }
        free(name);
    }
    return status;
}

/* Settings written for other systems: a file named "\dev\null" would be made. */
static enum sbx_status map_dev_null(struct sbx_env *env, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < env->count; i++)
        if (!strcmp(env->vars[i].value, "/dev/null"))
            status = sbx_env_set(env, env->vars[i].name, "NUL", err);
    return status;
}

enum sbx_status sbx_plan_environment(struct sbx_plan_work *work, struct sbx_error *err)
{
    const struct sbx_facts *facts = work->facts;
    struct sbx_env *env = &work->plan->environment;
    bool advisory = work->plan->network == SBX_NETWORK_ADVISORY;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < facts->environment.count; i++)
        status = take(work, &facts->environment.vars[i], err);
    if (!status)
        status = clean_path(env, err);
    if (!status)
        status = redirect_folders(work, err);
    if (!status && work->plan->mode == SBX_MODE_ELEVATED)
        status = set_git_safe(work, err);
    if (!status && advisory)
        status = sbx_plan_stub_variables(env, err);
    if (!status) /* a program of that name in the workspace must not win over PATH */
        status = sbx_env_set(env, "NoDefaultCurrentDirectoryInExePath", "1", err);
    if (!status)
        status = apply_set(work, err);
    if (!status)
        status = map_dev_null(env, err);
    if (!status && advisory && facts->denybin_directory)
        status = sbx_plan_stub_path(env, facts->denybin_directory, err);
    if (status)
        sbx_error_context(err, "environment");
    return status;
}
