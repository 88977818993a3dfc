package sandbox

import (
	"fmt"
	"slices"
)

// The staging labels that mean something to Secrets Manager.
const (
	stageCurrent  = "AWSCURRENT"
	stagePending  = "AWSPENDING"
	stagePrevious = "AWSPREVIOUS"
)

// stagesOf returns the labels of a version, sorted.
func (x *secret) stagesOf(version string) []string {
	labels := []string{}
	for label, at := range x.stages {
		if at == version {
			labels = append(labels, label)
		}
	}
	slices.Sort(labels)
	return labels
}

// labelled returns the labels of all versions that have some. A version without
// is deprecated, and is not shown.
func (x *secret) labelled() map[string][]string {
	all := map[string][]string{}
	for _, version := range x.stages {
		all[version] = x.stagesOf(version)
	}
	return all
}

// attach attaches a label to a version, and to no other. AWSPREVIOUS follows
// where AWSCURRENT leaves.
func (x *secret) attach(label, version string) {
	before := x.stages[label]
	if before == version {
		return
	}
	x.stages[label] = version
	if label != stageCurrent {
		return
	}
	if before != "" {
		x.stages[stagePrevious] = before
	} else if x.stages[stagePrevious] == version {
		delete(x.stages, stagePrevious)
	}
}

// put adds a version. The first one is AWSCURRENT, whatever labels are asked for.
func (x *secret) put(version, value string, now int64, labels []string) {
	if len(labels) == 0 {
		labels = []string{stageCurrent}
	}
	first := len(x.versions) == 0
	x.versions[version] = &secretVersion{value: value, created: now}
	for _, label := range labels {
		x.attach(label, version)
	}
	if first {
		x.attach(stageCurrent, version)
	}
}

// putSecretValue adds a version. One whose token is known already does nothing
// where its value is the same, not even to labels, and is refused elsewhere.
func (s *Server) putSecretValue(c *call) (any, *Error) {
	in := &c.in.secretInput
	if err := in.checkValue(); err != nil {
		return nil, err
	}
	if len(in.VersionStages) > 20 || slices.ContainsFunc(in.VersionStages, func(l string) bool { return l == "" || len(l) > 256 }) {
		return nil, invalidParameter("VersionStages must be 20 labels of 1 to 256 characters at most.")
	}
	x, err := s.secrets.living(c)
	if err != nil {
		return nil, err
	}
	version := in.ClientRequestToken
	switch v := x.versions[version]; {
	case v == nil:
		x.put(version, *in.SecretString, s.secretTime(), in.VersionStages)
	case v.value != *in.SecretString:
		return nil, &Error{codeResourceExists, fmt.Sprintf("You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", version, x.arn)}
	}
	return x.answer(version), nil
}

// updateSecretVersionStage moves a label from one version to another, attaches
// it or takes it off. Whoever moves a label has to say where it is.
func (s *Server) updateSecretVersionStage(c *call) (any, *Error) {
	in := &c.in.secretInput
	x, err := s.secrets.living(c)
	if err != nil {
		return nil, err
	}
	label, from, to := in.VersionStage, in.RemoveFromVersionId, in.MoveToVersionId
	at := x.stages[label]
	for _, version := range []string{from, to} {
		if version != "" && x.versions[version] == nil {
			return nil, invalidParameter("Not a valid version: %s", version)
		}
	}
	switch {
	case label == "" || len(label) > 256:
		return nil, invalidParameter("VersionStage must have 1 to 256 characters.")
	case from == "" && to == "":
		return nil, invalidParameter("You must provide MoveToVersionId or RemoveFromVersionId.")
	case to == "" && label == stageCurrent:
		return nil, invalidParameter("You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.")
	case at != "" && at != to && from == "":
		return nil, invalidParameter("The parameter RemoveFromVersionId can't be empty. Staging label %s is currently attached to version %s, so you must explicitly reference that version in RemoveFromVersionId.", label, at)
	case from != "" && from != at:
		return nil, invalidParameter("The staging label %s is not attached to version %s.", label, from)
	case to == "":
		delete(x.stages, label)
	default:
		x.attach(label, to)
	}
	return map[string]any{"ARN": x.arn, "Name": x.name}, nil
}

// getSecretValue returns the value of a version, by its ID, by a label, or of
// AWSCURRENT. One without labels can be had by its ID.
func (s *Server) getSecretValue(c *call) (any, *Error) {
	in := &c.in.secretInput
	x, err := s.secrets.living(c)
	if err != nil {
		return nil, err
	}
	version, label := in.VersionId, in.VersionStage
	switch {
	case version == "" && label == "":
		label = stageCurrent
		fallthrough
	case version == "":
		if version = x.stages[label]; version == "" {
			return nil, &Error{codeResourceNotFound, "Secrets Manager can't find the specified secret value for staging label: " + label}
		}
	case x.versions[version] == nil:
		return nil, &Error{codeResourceNotFound, "Secrets Manager can't find the specified secret value for VersionId: " + version}
	case label != "" && x.stages[label] != version:
		return nil, &Error{codeInvalidRequest, "You provided a VersionStage that is not associated to the provided VersionId."}
	}
	v := x.versions[version]
	out := x.answer(version)
	out["SecretString"], out["CreatedDate"] = v.value, epoch(v.created)
	return out, nil
}
