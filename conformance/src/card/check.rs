//! Every check of a card by name, in order. One at a time can be switched off.

use crate::mailbox::checks;

checks! {
    CardCheck: "One check of the card page that no other page has.";
    Link "card_link" "card_link" "R-CARD-5" "The link is the one that section 4 gives for its bytes; off: the owner's card.";
    Truncated "card_truncated" "card_malformed" "R-CARD-2" "No field of a card runs past the end; off: the owner's whole card.";
    Type "card_type" "card_malformed" "R-CARD-2" "The type is 34.";
    Version "card_version" "card_malformed" "R-CARD-2" "The version is 1.";
    EndpointCount "card_endpoint_count" "card_malformed" "R-CARD-2" "There are at most 8 endpoints.";
    EndpointScheme "card_endpoint_scheme" "card_endpoint" "R-CARD-2" "An endpoint begins with a scheme in lower case and a colon.";
    EndpointCharacters "card_endpoint_characters" "card_endpoint" "R-CARD-2" "An endpoint is visible ASCII.";
    NameLength "card_name_length" "card_name" "R-CARD-2" "A name is at most 64 bytes long.";
    NameUtf8 "card_name_utf_8" "card_name" "R-CARD-2" "A name is UTF-8.";
    NameSpace "card_name_space" "card_name" "R-CARD-2" "A name neither begins nor ends with a space.";
    NameSeen "card_name_seen" "card_name" "R-CARD-2" "A name has no character of the ranges in section 2.";
    MailboxScheme "card_mailbox_scheme" "card_mailbox" "R-CARD-2" "A mailbox begins with `https://` or `http://`.";
    MailboxHost "card_mailbox_host" "card_mailbox" "R-CARD-2" "Something stands between the scheme and the next `/`.";
    MailboxCharacters "card_mailbox_characters" "card_mailbox" "R-CARD-2" "A mailbox has the characters of section 2 only.";
    TokenLength "card_token_length" "card_token" "R-CARD-2" "A token is 0 or 32 bytes long.";
    TokenMailbox "card_token_mailbox" "card_token" "R-CARD-2" "There is no token without a mailbox.";
    Trailing "card_trailing" "card_malformed" "R-CARD-2" "Nothing follows the signature; off: the rest is ignored.";
    Period "card_period" "card_period" "R-CARD-2" "A card that ends does so after it was issued.";
    Issued "card_issued" "card_time" "R-CARD-2" "The card was issued no later than 60 s from now.";
    Ends "card_ends" "card_time" "R-CARD-2" "The card has not ended.";
    Meant "card_meant" "not_admitted" "R-CARD-2" "The card's DID is the one that is meant.";
    SignedLabel "card_signed_label" "signature_invalid" "R-CARD-1" "The owner signs the label of cards; off: the owner's.";
    SignedType "card_signed_type" "signature_invalid" "R-CARD-1" "The signed type is the one that is sent; off: the owner's.";
    SignedVersion "card_signed_version" "signature_invalid" "R-CARD-1" "The signed version is the one that is sent; off: the owner's.";
    SignedIssued "card_signed_issued" "signature_invalid" "R-CARD-1" "The signed `issued` is the one that is sent; off: the owner's.";
    SignedEnds "card_signed_ends" "signature_invalid" "R-CARD-1" "The signed `ends` is the one that is sent; off: the owner's.";
    SignedDid "card_signed_did" "signature_invalid" "R-CARD-1" "The signed DID is the one that is sent; off: the owner's.";
    SignedFragment "card_signed_fragment" "signature_invalid" "R-CARD-1" "The signed fragment is the one that is sent; off: the owner's.";
    SignedAlgorithm "card_signed_algorithm" "signature_invalid" "R-CARD-1" "The signed algorithm byte is the one that is sent; off: the owner's.";
    SignedEndpoints "card_signed_endpoints" "signature_invalid" "R-CARD-1" "The signed endpoints are those that are sent; off: the owner's.";
    SignedName "card_signed_name" "signature_invalid" "R-CARD-1" "The signed name is the one that is sent; off: the owner's.";
    SignedMailbox "card_signed_mailbox" "signature_invalid" "R-CARD-1" "The signed mailbox is the one that is sent; off: the owner's.";
    SignedToken "card_signed_token" "signature_invalid" "R-CARD-1" "The signed token is the one that is sent; off: the owner's.";
}
