/* See leasechoice.h. */
#include "leasechoice.h"

#include <stdio.h>

#include "sha256.h"
#include "utf.h"

void sbx_lease_name_format(const struct sbx_lease_name *name, char *text, size_t size_bytes)
{
    snprintf(text, size_bytes, SBX_LEASE_PREFIX "%s-%s-%s", name->account, name->key, name->id);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_name(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Characters of one class, exactly `exact` of them when that is not 0; *at moves behind them. */
static bool take(const char **at, bool (*fits)(char), size_t exact, char *ret, size_t size_bytes)
{
    size_t length = 0;

    while (fits((*at)[length]))
        length++;
    if (!length || length >= size_bytes || (exact && length != exact))
        return false;
    memcpy(ret, *at, length);
    ret[length] = '\0';
    *at += length;
    return true;
}

bool sbx_lease_name_parse(const char *text, struct sbx_lease_name *ret_name)
{
    const char *at = text + strlen(SBX_LEASE_PREFIX);
    const size_t digits = SBX_LEASE_HEX_SIZE - 1;
    struct sbx_lease_name name;

    memset(&name, 0, sizeof(name));
    if (strncmp(text, SBX_LEASE_PREFIX, strlen(SBX_LEASE_PREFIX)) != 0 ||
        !take(&at, is_name, 0, name.account, sizeof(name.account)) || *at++ != '-' ||
        !take(&at, is_hex, digits, name.key, sizeof(name.key)) || *at++ != '-' ||
        !take(&at, is_hex, digits, name.id, sizeof(name.id)) || *at)
        return false;
    *ret_name = name;
    return true;
}

void sbx_lease_key(
    const struct sbx_plan *plan, const char *caller_sid, char ret_key[SBX_LEASE_HEX_SIZE])
{
    uint8_t digest[SBX_SHA256_BYTES];
    char hex[SBX_SHA256_HEX_SIZE];
    struct sbx_sha256 sha;
    size_t i;

    sbx_sha256_init(&sha);
    sbx_sha256_add(&sha, caller_sid, strlen(caller_sid) + 1);
    sbx_sha256_add(&sha, plan->policy_hash, strlen(plan->policy_hash) + 1);
    for (i = 0; i < plan->capability_sids.count; i++)
        sbx_sha256_add(
            &sha, plan->capability_sids.items[i], strlen(plan->capability_sids.items[i]) + 1);
    sbx_sha256_end(&sha, digest);
    sbx_sha256_hex(digest, hex);
    memcpy(ret_key, hex, SBX_LEASE_HEX_SIZE - 1);
    ret_key[SBX_LEASE_HEX_SIZE - 1] = '\0';
}

void sbx_lease_count(struct sbx_lease_account *accounts, size_t account_count,
    const struct sbx_lease_name *live, size_t live_count, const char *key)
{
    size_t i, k;

    for (i = 0; i < account_count; i++) {
        accounts[i].ours = accounts[i].others = 0;
        for (k = 0; k < live_count; k++) {
            if (!sbx_utf_equal_ci_ascii(live[k].account, accounts[i].name))
                continue;
            if (strcmp(live[k].key, key) == 0)
                accounts[i].ours++;
            else
                accounts[i].others++;
        }
    }
}

size_t sbx_lease_choose(const struct sbx_lease_account *accounts, size_t account_count)
{
    size_t i, best = SIZE_MAX;

    for (i = 0; i < account_count; i++) {
        if (accounts[i].others)
            continue;
        if (accounts[i].ours)
            return i;
        if (best == SIZE_MAX)
            best = i;
    }
    return best;
}

size_t sbx_lease_choose_shared(const struct sbx_lease_account *accounts, size_t account_count)
{
    size_t i, best = SIZE_MAX;

    for (i = 0; i < account_count; i++)
        if (best == SIZE_MAX || accounts[i].others < accounts[best].others)
            best = i;
    return best;
}
