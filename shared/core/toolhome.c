/* See toolhome.h. */
#include "toolhome.h"

#include "winpath.h"

#define HOMES_MAX 3

/* "=" in `homes` is the folder that `match` matched; the others lie below the profile. */
struct row {
    const char *match; /* a PATH directory that is this or lies in it; "*" is any one component */
    const char *homes[HOMES_MAX];
};

/* First match wins: narrow rows before wide ones. */
static const struct row rows[] = {
    /* rustup's proxies; not .cargo, which holds a registry's credentials */
    {".cargo\\bin", {"=", ".rustup"}},
    /* shims start what lies in apps; not persist, which is data */
    {"scoop\\shims", {"=", "scoop\\apps"}},
    {"scoop\\apps\\*", {"="}},
    /* Node: version managers, and what `npm install -g` puts down */
    {"AppData\\Roaming\\nvm", {"="}},
    {"AppData\\Local\\nvm", {"="}},
    {"AppData\\Roaming\\npm", {"="}},
    {"AppData\\Roaming\\fnm\\node-versions", {"="}},
    {"AppData\\Local\\fnm\\node-versions", {"="}},
    {"AppData\\Local\\fnm_multishells", {"="}},
    {"AppData\\Local\\Volta", {"="}},
    {".volta", {"="}},
    {"AppData\\Local\\pnpm", {"="}},
    {"AppData\\Local\\Yarn\\bin", {"AppData\\Local\\Yarn"}},
    {".bun\\bin", {"="}},
    {".deno\\bin", {"="}},
    /* Python: the installer's folders, launchers, environments of tools */
    {"AppData\\Local\\Programs\\Python\\*", {"="}},
    {"AppData\\Local\\Python\\*", {"="}},
    {"AppData\\Roaming\\Python\\*", {"="}},
    {".local\\bin", {"=", "AppData\\Roaming\\uv\\tools", "AppData\\Roaming\\uv\\python"}},
    {".pyenv\\pyenv-win", {"="}},
    {"pipx\\venvs", {"="}},
    {"miniconda3", {"="}},
    {"anaconda3", {"="}},
    {"miniforge3", {"="}},
    {"mambaforge", {"="}},
    {"AppData\\Local\\miniconda3", {"="}},
    {"AppData\\Local\\anaconda3", {"="}},
    {"AppData\\Local\\miniforge3", {"="}},
    /* .NET, Go, Java, Haskell, Android */
    {".dotnet\\tools", {"="}},
    {".dotnet", {"="}},
    {"AppData\\Local\\Microsoft\\dotnet", {"="}},
    {"go\\bin", {"="}},
    {"sdk\\go*", {"="}},
    {".jdks\\*", {"="}},
    {".ghcup\\bin", {"=", ".ghcup\\ghc"}},
    {"AppData\\Local\\Android\\Sdk", {"="}},
    /* programs installed for one user */
    {"AppData\\Local\\Programs\\*", {"="}},
};

/* Below the profile. Any of these, and what is in them, is given by no row above. */
static const char *const denied[] = {".ssh", ".aws", ".azure", ".gnupg", ".kube", ".docker",
    ".config", ".npm", ".pki", ".npmrc", ".netrc", "_netrc", ".git-credentials", ".gitconfig",
    ".pypirc", ".m2", ".gem", ".terraform.d", ".vault-token", ".cargo\\credentials",
    ".cargo\\credentials.toml", "AppData\\Roaming\\gcloud", "AppData\\Roaming\\GitHub CLI",
    "AppData\\Roaming\\gnupg", "AppData\\Roaming\\Mozilla", "AppData\\Roaming\\Thunderbird",
    "AppData\\Roaming\\Opera Software", "AppData\\Roaming\\Microsoft\\Credentials",
    "AppData\\Roaming\\Microsoft\\Crypto", "AppData\\Roaming\\Microsoft\\Protect",
    "AppData\\Roaming\\Microsoft\\SystemCertificates", "AppData\\Roaming\\Microsoft\\Vault",
    "AppData\\Local\\Microsoft\\Credentials", "AppData\\Local\\Microsoft\\Vault",
    "AppData\\Local\\Microsoft\\Edge\\User Data", "AppData\\Local\\Google\\Chrome\\User Data",
    "AppData\\Local\\Chromium\\User Data", "AppData\\Local\\BraveSoftware",
    "AppData\\Local\\Vivaldi", "AppData\\Local\\Mozilla", "AppData\\Local\\AgentSandbox",
    "AppData\\Local\\Programs\\AgentSandbox"};

/* One component of a pattern: exact but for a `*`, which ends it. */
static bool fits(const char *pattern, size_t pattern_length, const char *name, size_t name_length)
{
    if (pattern_length && pattern[pattern_length - 1] == '*') {
        pattern_length--;
        return name_length >= pattern_length && name_length > 0 &&
               sbx_winpath_components_equal(pattern, pattern_length, name, pattern_length);
    }
    return sbx_winpath_components_equal(pattern, pattern_length, name, name_length);
}

/*
 * The part of `below` (a path below the profile) that a pattern covers from its start.
 * @return its length; 0: it does not match
 */
static size_t covered(const char *pattern, const char *below)
{
    const char *at = below;

    for (;;) {
        size_t pattern_length = strcspn(pattern, "\\"), length = strcspn(at, "\\");

        if (!fits(pattern, pattern_length, at, length))
            return 0;
        pattern += pattern_length;
        at += length;
        if (!*pattern)
            return (size_t)(at - below);
        if (!*at)
            return 0;
        pattern++;
        at++;
    }
}

static const char *below_profile(const char *profile, const char *path)
{
    if (!profile || !sbx_winpath_is_inside(profile, path) || sbx_winpath_equal(profile, path))
        return NULL;
    return path + strlen(profile) + (profile[strlen(profile) - 1] == '\\' ? 0 : 1);
}

/* profile\text, of which only the first length bytes count. */
static enum sbx_status add_home(const char *profile, const char *text, size_t length,
    struct sbx_strings *ret_homes, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf path;
    size_t i;

    sbx_buf_init(&path, 4 * SBX_WINPATH_MAX_CCH);
    status = sbx_buf_printf(&path, err, "%s%s%.*s", profile,
        profile[strlen(profile) - 1] == '\\' ? "" : "\\", (int)length, text);
    for (i = 0; !status && i < ret_homes->count; i++)
        if (sbx_winpath_equal(ret_homes->items[i], path.data))
            goto cleanup;
    if (!status)
        status = sbx_strings_add(ret_homes, path.data, err);
cleanup:
    sbx_buf_done(&path);
    return status;
}

enum sbx_status sbx_toolhome_find(const char *profile, const char *path_directory,
    struct sbx_strings *ret_homes, struct sbx_error *err)
{
    const char *below = below_profile(profile, path_directory);
    enum sbx_status status = SBX_OK;
    size_t i, k;

    for (i = 0; below && i < countof(rows); i++) {
        size_t length = covered(rows[i].match, below);

        if (!length)
            continue;
        for (k = 0; !status && k < HOMES_MAX && rows[i].homes[k]; k++) {
            const char *home = rows[i].homes[k];
            bool itself = home[0] == '=';

            status = add_home(
                profile, itself ? below : home, itself ? length : strlen(home), ret_homes, err);
        }
        break;
    }
    return status;
}

const char *sbx_toolhome_denied(const char *profile, const char *path)
{
    const char *below = below_profile(profile, path);
    size_t i;

    for (i = 0; below && i < countof(denied); i++) {
        size_t length = covered(denied[i], below);

        /* It is the place or lies in it; or it holds it (no name on a disk ends in '*'). */
        if (length || covered(below, denied[i]))
            return denied[i];
    }
    return NULL;
}
