package bulk

import (
	"strings"

	"cogpass/jobs"
)

// secretsPolicy returns the statements of an IAM policy that handing passwords
// over to Secrets Manager needs, each with a comma before it. CreateSecret with
// tags asks for TagResource too. A secret that is not there yet is looked for by
// its name alone, so that the pattern does not name the end that AWS adds to it.
func secretsPolicy(h *jobs.SecretsManagerHandoff, poolRegion, pool string) string {
	region := poolRegion
	if h.Region != "" {
		region = h.Region
	}
	names := strings.NewReplacer("{pool}", pool, "{username}", "*").Replace(h.Name)
	if !strings.HasSuffix(names, "*") {
		names += "*"
	}
	text := `, {"Effect": "Allow",
    "Action": ["secretsmanager:DescribeSecret", "secretsmanager:CreateSecret", "secretsmanager:TagResource", "secretsmanager:PutSecretValue",
      "secretsmanager:UpdateSecretVersionStage", "secretsmanager:GetSecretValue"],
    "Resource": "arn:` + partition(region) + `:secretsmanager:` + region + `:*:secret:` + names + `"}`
	if h.KMSKeyID == "" || strings.HasSuffix(h.KMSKeyID, "alias/aws/secretsmanager") { // AWS's own is for everybody of the account
		return text
	}
	key, condition := kmsKey(h.KMSKeyID, region)
	return text + `, {"Effect": "Allow",
    "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
    "Resource": "` + key + `",
    "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.` + region + domain(region) + `"}` + condition + `}}`
}

// kmsKey returns the ARN of a key of KMS, by its ID, ARN or alias; and the rest of
// the condition for an alias, which no ARN of a key has in it.
func kmsKey(id, region string) (arn, condition string) {
	prefix := "arn:" + partition(region) + ":kms:" + region + ":*:"
	if at := strings.LastIndex(id, "alias/"); at >= 0 {
		if owner, ok := strings.CutPrefix(id[:at], "arn:"); ok {
			prefix = "arn:" + owner
		}
		return prefix + "key/*", `, "ForAnyValue:StringEquals": {"kms:ResourceAliases": "` + id[at:] + `"}`
	}
	if strings.HasPrefix(id, "arn:") {
		return id, ""
	}
	return prefix + "key/" + id, ""
}

// domain is the end of the names of AWS's services in a Region.
func domain(region string) string {
	if partition(region) == "aws-cn" {
		return ".amazonaws.com.cn"
	}
	return ".amazonaws.com"
}
