// Archive Orders of Sales & Receivables Setup, which can be turned on here, beside the flags of Business Central's own
// order integration (table 5330, CRM Connection Setup), which can only be read.
page 50119 "SEC Setup"
{
    APIPublisher = 'syncengine';
    APIGroup = 'companion';
    APIVersion = 'v1.0';
    EntityName = 'setup';
    EntitySetName = 'setup';
    EntityCaption = 'Setup';
    EntitySetCaption = 'Setup';
    PageType = API;
    ODataKeyFields = SystemId;
    SourceTable = "Sales & Receivables Setup";
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
                field(archiveOrders; Rec."Archive Orders")
                {
                    Caption = 'Archive orders';
                }
                field(isEnabled; CRMConnectionSetup."Is Enabled")
                {
                    Caption = 'Is enabled';
                    Editable = false;
                }
                field(salesOrderIntegrationEnabled; CRMConnectionSetup."Is S.Order Integration Enabled")
                {
                    Caption = 'Sales order integration enabled';
                    Editable = false;
                }
                field(bidirectionalSalesOrderIntegration; CRMConnectionSetup."Bidirectional Sales Order Int.")
                {
                    Caption = 'Bidirectional sales order integration';
                    Editable = false;
                }
                field(correlationField; CorrelationField)
                {
                    Caption = 'Correlation field';
                    Editable = false;
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
        // Read, never opened as a page: opening it would create the record and try to connect.
        if not CRMConnectionSetup.Get() then
            Clear(CRMConnectionSetup);
        CorrelationField := 'correlation';
    end;

    var
        CRMConnectionSetup: Record "CRM Connection Setup";
        CorrelationField: Text[30];
}
