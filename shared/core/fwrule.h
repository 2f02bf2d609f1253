/*
 * The rules of the Windows Firewall as data: a second line behind the WFP filters, and what an
 * administrator finds where he looks first. Not the boundary: a group policy or another firewall
 * may make them ineffective, which is recorded and shown, never fatal (design 6).
 *
 * @see https://learn.microsoft.com/windows/win32/api/netfw/nn-netfw-inetfwrule3
 */
#ifndef SBX_FWRULE_H
#define SBX_FWRULE_H

#include "buf.h"
#include "ntsid.h"

#define SBX_FWRULE_GROUPING "Agent Sandbox"
#define SBX_FWRULE_USERS_MAX_BYTES 8192u
#define SBX_FWRULE_PROTOCOL_ANY 256 /* NET_FW_IP_PROTOCOL_ANY */
#define SBX_FWRULE_PROFILES_ALL 0x7FFFFFFF

enum sbx_fwrule_direction { SBX_FWRULE_IN = 1, SBX_FWRULE_OUT = 2 }; /* NET_FW_RULE_DIR_* */

/* One rule; the user list is that of the offline accounts. All of them: enabled, action block,
 * every profile, any protocol. */
struct sbx_fwrule {
    const char *name; /* unique; the firewall finds rules by it */
    const char *description;
    enum sbx_fwrule_direction direction;
    const char *remote_addresses;
};
extern const struct sbx_fwrule sbx_fwrules[];
extern const size_t sbx_fwrule_count;

/**
 * The LocalUserAuthorizedList: "O:LSD:(A;;CC;;;SID)..." with one entry per account. The owner is
 * Local Service because the firewall's own editor writes it so.
 * @param ret_sddl initialised with a cap of SBX_FWRULE_USERS_MAX_BYTES
 */
SBX_MUST_CHECK enum sbx_status sbx_fwrule_users(
    const struct sbx_sid *accounts, size_t count, struct sbx_buf *ret_sddl, struct sbx_error *err);

/**
 * Whether a list of addresses that was read back covers the same addresses. The firewall writes
 * them in its own way: "10.0.0.0/255.0.0.0" for "10.0.0.0/8", "::/128" for "::", another order.
 * Text that is no list of addresses, ranges and subnets is only equal to itself.
 */
bool sbx_fwrule_same_addresses(const char *wanted, const char *got);

/** Whether a user list that was read back names exactly these accounts, each allowed CC, and
 * nobody else. Owner and group do not count. */
bool sbx_fwrule_same_users(const struct sbx_sid *accounts, size_t count, const char *got_sddl);

#endif
