// The certificate is shown without a question.
user_pref("security.default_personal_cert", "Select Automatically");
user_pref("security.tls.version.min", 3);
// A resumed session would outlive the trust that it began with.
user_pref("security.ssl.disable_session_identifiers", true);
// Nothing but what it was started for.
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
