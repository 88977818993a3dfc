package sandbox

func (s *Server) adminSetUserPassword(c *call, u *user) (any, *Error) {
	if c.in.Password == "" {
		return nil, invalidParameter("1 validation error detected: Value at 'password' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	if err := s.setPassword(c.about.Policy, u, c.in.Password); err != nil {
		return nil, err
	}
	u.status = forceChangePassword
	if c.in.Permanent {
		u.status = confirmed
	}
	u.sets++
	return nil, nil
}

func (s *Server) adminResetUserPassword(c *call, u *user) (any, *Error) {
	if err := s.sendCode(c, u, "reset"); err != nil {
		return nil, err
	}
	u.status = resetRequired
	u.resets++
	return nil, nil
}

func (s *Server) adminUserGlobalSignOut(_ *call, u *user) (any, *Error) {
	u.signOuts++
	u.revoked++
	return nil, nil
}

func (s *Server) adminDisableUser(_ *call, u *user) (any, *Error) {
	s.touch(u)
	u.enabled = false
	u.disables++
	u.revoked++
	return nil, nil
}

func (s *Server) adminEnableUser(_ *call, u *user) (any, *Error) {
	s.touch(u)
	u.enabled = true
	u.enables++
	return nil, nil
}

// sendCode sends u a new code, if u's state allows it. u is locked.
func (s *Server) sendCode(c *call, u *user, kind string) *Error {
	switch {
	case !u.enabled:
		return errUserDisabled
	case u.status != confirmed && u.status != resetRequired:
		return &Error{codeNotAuthorized, "User password cannot be reset in the current state."}
	}
	m := Message{Kind: kind, Code: newCode(), ClientMetadata: c.in.ClientMetadata}
	m.Medium, m.To = u.contact(c.about.Recovery)
	if m.To == "" {
		return invalidParameter("Cannot reset password for the user as there is no registered/verified email or phone_number")
	}
	if err := s.send(c.about, u, m); err != nil {
		return err
	}
	s.touch(u)
	u.code, u.codeAt = m.Code, u.modified
	return nil
}

// media are the ways by which codes go, by the name that a pool's recovery
// settings have for them.
var media = map[string]struct{ attribute, medium string }{
	"verified_email":        {"email", "EMAIL"},
	"verified_phone_number": {"phone_number", "SMS"},
}

// contact returns where codes for the user go by the pool's recovery settings,
// or nothing if no such address is verified.
func (u *user) contact(recovery []string) (medium, to string) {
	if len(recovery) == 0 { // SMS goes before e-mail then: API reference, AccountRecoverySetting
		recovery = []string{"verified_phone_number", "verified_email"}
	}
	for _, way := range recovery {
		if by, ok := media[way]; ok && u.verified(by.attribute) {
			to, _ = u.attribute(by.attribute)
			return by.medium, to
		}
	}
	return "", ""
}
