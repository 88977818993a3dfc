package sandbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// userOutput is how AdminCreateUser and ListUsers show a user.
type userOutput struct {
	Username             string
	Attributes           []attribute
	UserCreateDate       epoch
	UserLastModifiedDate epoch
	Enabled              bool
	UserStatus           string
}

// output shows u in a state. names are the attributes to show; empty is all.
func (u *user) output(at state, names []string) userOutput {
	out := userOutput{
		Username: u.name, Enabled: at.enabled, UserStatus: at.status.String(),
		UserCreateDate: epoch(u.created), UserLastModifiedDate: epoch(at.modified),
	}
	for _, a := range u.allAttributes() {
		if len(names) == 0 || slices.Contains(names, a.Name) {
			out.Attributes = append(out.Attributes, a)
		}
	}
	return out
}

func (u *user) allAttributes() []attribute {
	return append([]attribute{{"sub", u.sub}}, u.attributes...)
}

func (s *Server) adminGetUser(_ *call, u *user) (any, *Error) {
	return struct {
		Username             string
		UserAttributes       []attribute
		UserCreateDate       epoch
		UserLastModifiedDate epoch
		Enabled              bool
		UserStatus           string
	}{u.name, u.allAttributes(), epoch(u.created), epoch(u.modified), u.enabled, u.status.String()}, nil
}

var errUserExists = &Error{"UsernameExistsException", "User account already exists"}

func (s *Server) adminCreateUser(c *call) (any, *Error) {
	p, in := c.about, &c.in
	if in.MessageAction == "RESEND" {
		return s.inviteAgain(c)
	}
	u, err := created(p, in)
	if err != nil {
		return nil, err
	}
	if c.pool.find(in.Username) != nil {
		return nil, errUserExists
	}
	record := s.newUser(p.ID, u)
	if c.pool.aliasTaken(record) {
		return nil, &Error{"AliasExistsException", "An account with the given email already exists."}
	}
	record.made = time.Since(s.start)
	record.creations = 1
	if in.MessageAction != "SUPPRESS" {
		if err := s.invite(p, in, record); err != nil {
			return nil, err
		}
	}
	out := record.output(record.state, nil)
	if !c.pool.addNew(record, in.Username) {
		return nil, errUserExists
	}
	return struct{ User userOutput }{out}, nil
}

// inviteAgain sends the invitation once more, and makes a temporary password
// that may have expired good for as long again.
func (s *Server) inviteAgain(c *call) (any, *Error) {
	u := c.pool.find(c.in.Username)
	if u == nil {
		return nil, errUserNotFound
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.status != forceChangePassword {
		return nil, &Error{"UnsupportedUserStateException", "Resend not possible. User status is not FORCE_CHANGE_PASSWORD"}
	}
	if c.in.TemporaryPassword != "" {
		if err := c.about.Policy.check(c.in.TemporaryPassword); err != nil {
			return nil, err
		}
	}
	if err := s.invite(c.about, &c.in, u); err != nil {
		return nil, err
	}
	s.touch(u)
	if c.in.TemporaryPassword != "" {
		u.password = strings.Clone(c.in.TemporaryPassword)
	}
	u.passwordAt = u.modified
	return struct{ User userOutput }{u.output(u.state, nil)}, nil
}

// created returns the user that AdminCreateUser makes of its input.
func created(p Pool, in *input) (User, *Error) {
	u := User{
		Username: in.Username, Enabled: true, Status: forceChangePassword.String(),
		Password: in.TemporaryPassword, Attributes: map[string]string{},
	}
	for _, a := range in.UserAttributes {
		u.Attributes[a.Name] = a.Value
	}
	if u.Password == "" {
		u.Password = fmt.Sprintf("Tmp-%d!aZ", rand.Uint64())
	} else if err := p.Policy.check(u.Password); err != nil {
		return User{}, err
	}
	if len(p.UsernameAttributes) == 0 {
		return u, nil
	}
	// In a pool where users sign in with an address, their username is their sub.
	attribute := "phone_number"
	if strings.Contains(in.Username, "@") {
		attribute = "email"
	}
	if attribute == "phone_number" && in.Username[0] != '+' || !slices.Contains(p.UsernameAttributes, attribute) {
		return User{}, invalidParameter("Username should be either an email or a phone number.")
	}
	u.Attributes[attribute] = in.Username
	u.Sub = deriveSub(p.ID, in.Username)
	u.Username = u.Sub
	return u, nil
}

// invite sends an invitation, by the medium that is asked for or else by SMS
// where the user has a phone number. The temporary password that Cognito would
// put into it is left out.
func (s *Server) invite(p Pool, in *input, u *user) *Error {
	m := Message{Kind: "invitation", Medium: "SMS", ClientMetadata: in.ClientMetadata}
	m.To, _ = u.attribute("phone_number")
	if email, _ := u.attribute("email"); slices.Contains(in.DesiredDeliveryMediums, "EMAIL") || len(in.DesiredDeliveryMediums) == 0 && m.To == "" {
		m.Medium, m.To = "EMAIL", email
	}
	if m.To == "" && len(in.DesiredDeliveryMediums) > 0 {
		return invalidParameter("The user has no address for the delivery medium %s", m.Medium)
	}
	if err := s.send(p, u, m); err != nil {
		return err
	}
	u.invitations++
	return nil
}

func (s *Server) describeUserPool(c *call) (any, *Error) {
	p, users := c.about, c.pool.size()
	region, _, _ := strings.Cut(p.ID, "_")
	policy := map[string]any{
		"MinimumLength": p.Policy.MinimumLength, "TemporaryPasswordValidityDays": p.TemporaryValidityDays,
		"RequireUppercase": p.Policy.RequireUppercase, "RequireLowercase": p.Policy.RequireLowercase,
		"RequireNumbers": p.Policy.RequireNumbers, "RequireSymbols": p.Policy.RequireSymbols,
	}
	if p.Policy.History > 0 {
		policy["PasswordHistorySize"] = p.Policy.History
	}
	about := map[string]any{
		"Id": p.ID, "Name": p.Name, "EstimatedNumberOfUsers": users, "MfaConfiguration": p.MFA,
		"Arn":                fmt.Sprintf("arn:aws:cognito-idp:%s:%s:userpool/%s", region, p.Account, p.ID),
		"Policies":           map[string]any{"PasswordPolicy": policy},
		"EmailConfiguration": map[string]string{"EmailSendingAccount": p.EmailSendingAccount},
		"CreationDate":       epoch(c.pool.created), "LastModifiedDate": epoch(c.pool.created),
	}
	if p.SMS {
		about["SmsConfiguration"] = map[string]string{"SnsCallerArn": "arn:aws:iam::" + p.Account + ":role/sandbox-sms"}
	}
	if p.DeletionProtection {
		about["DeletionProtection"] = "ACTIVE"
	}
	if p.CaseInsensitive {
		about["UsernameConfiguration"] = map[string]bool{"CaseSensitive": false}
	}
	if len(p.Recovery) > 0 {
		var ways []map[string]any
		for i, way := range p.Recovery {
			ways = append(ways, map[string]any{"Name": way, "Priority": i + 1})
		}
		about["AccountRecoverySetting"] = map[string]any{"RecoveryMechanisms": ways}
	}
	if len(p.UsernameAttributes) > 0 {
		about["UsernameAttributes"] = p.UsernameAttributes
	}
	if len(p.AliasAttributes) > 0 {
		about["AliasAttributes"] = p.AliasAttributes
	}
	return map[string]any{"UserPool": about}, nil
}
