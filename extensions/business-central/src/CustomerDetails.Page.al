// Customers (table 18) with what the standard page lacks. All else is read and written over API v2.0, under the same id.
page 50123 "SEC Customer Details"
{
    APIPublisher = 'syncengine';
    APIGroup = 'companion';
    APIVersion = 'v1.0';
    EntityName = 'customerDetail';
    EntitySetName = 'customerDetails';
    EntityCaption = 'Customer Detail';
    EntitySetCaption = 'Customer Details';
    PageType = API;
    ODataKeyFields = SystemId;
    SourceTable = Customer;
    InsertAllowed = false;
    DeleteAllowed = false;
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id';
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'Number';
                    Editable = false;
                }
                field(contactName; ContactName)
                {
                    Caption = 'Contact name';

                    trigger OnValidate()
                    begin
                        // Not validated: that would look for a contact of this name, and may ask.
                        Rec.Contact := CopyStr(ContactName, 1, MaxStrLen(Rec.Contact));
                    end;
                }
                field(faxNumber; Rec."Fax No.")
                {
                    Caption = 'Fax number';
                }
                field(shippingAgentCode; Rec."Shipping Agent Code")
                {
                    Caption = 'Shipping agent code';
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'Last modified date time';
                    Editable = false;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    begin
        ContactName := Rec.Contact;
    end;

    var
        ContactName: Text[100];
}
