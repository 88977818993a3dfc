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
	u.signOuts++ // revokes the tokens given before it
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
	m.Medium, m.To = u.contact()
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

// contact returns where codes for the user go, or nothing if no address is
// verified.
func (u *user) contact() (medium, to string) {
	if u.verified("email") {
		to, _ = u.attribute("email")
		return "EMAIL", to
	}
	if u.verified("phone_number") {
		to, _ = u.attribute("phone_number")
		return "SMS", to
	}
	return "", ""
}
