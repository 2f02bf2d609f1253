/*
 * Names that look like those of secrets (design 7). Names only: a value is never looked at, so
 * that no secret can reach a message.
 */
#include "plan_parts.h"

bool sbx_plan_is_secret(const char *name)
{
    static const char *const patterns[] = {
        "*TOKEN*",
        "*SECRET*",
        "*PASSWORD*",
        "*PASSWD*",
        "*PASSPHRASE*",
        "*CREDENTIAL*",
        "*APIKEY*",
        "*API_KEY*",
        "*ACCESS_KEY*",
        "*PRIVATE_KEY*",
        "*_KEY",
        "*_PAT",
        "*_PWD",
        "*_DSN",
        "*COOKIE*",
        "*CONNECTION_STRING*",
        "*CONNECTIONSTRING*",
        "*CONNSTR*",
        "*DATABASE_URL*",
        "*_AUTH",
        "NPM_CONFIG_*AUTH*",
        "AWS_*",
        "AZURE_*",
        "GOOGLE_*",
        "GCP_*",
        "ARM_*",
        "VAULT_*",
        "SSH_*",
        "GPG_*",
        "PGPASS*",
        "MYSQL_PWD",
        "REDISCLI_AUTH",
        "KUBECONFIG",
        "DOCKER_CONFIG",
        "NETRC",
        "*_ASKPASS",
    };
    size_t i;

    for (i = 0; i < countof(patterns); i++)
        if (sbx_env_name_matches(patterns[i], name))
            return true;
    return false;
}
